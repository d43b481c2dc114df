package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.Arrays;
import java.util.List;

/** Functions without parameters, recorded like any layer. */
public final class Elementwise {
  private static final double[] NONE = {};

  private Elementwise() {}

  /**
   * {@return [...]: the logistic function 1 / (1 + e^-x) of every element}
   *
   * @param pass holds what is computed
   * @param x [...]
   */
  public static Tensor sigmoid(Pass pass, Tensor x) {
    var y = pass.watch(pass.empty(x.type(), x.shape()));
    var backend = pass.device().backend();
    backend.kernel("sigmoid").run(pass.stream(), NONE, x, y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null && pass.wants(x)) {
            backend.kernel("sigmoid_backward").run(pass.stream(), NONE, y, dy, pass.gradient(x));
          }
        });
    return y;
  }

  /**
   * {@return [..., sum of C_i]: tensors side by side along the innermost axis}
   *
   * @param pass holds what is computed
   * @param parts [..., C_i], equal but for the innermost axis
   */
  public static Tensor concat(Pass pass, List<Tensor> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("concat: expected at least one tensor, got none");
    }
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    var dims = parts.getFirst().shape().dims();
    for (var part : parts) {
      var other = part.shape().dims();
      if (part.type() != parts.getFirst().type()
          || other.length != dims.length
          || !Arrays.equals(dims, 0, dims.length - 1, other, 0, dims.length - 1)) {
        throw new IllegalArgumentException(
            "concat: expected tensors like the first but for the innermost axis, got " + parts);
      }
    }
    dims[dims.length - 1] = parts.stream().mapToLong(p -> p.shape().dim(-1)).sum();
    var whole = pass.watch(pass.empty(parts.getFirst().type(), Shape.of(dims)));
    copyColumns(pass, parts, whole, false);
    pass.record(
        () -> {
          if (pass.arrived(whole) != null) {
            copyColumns(pass, parts, whole, true);
          }
        });
    return whole;
  }

  /**
   * {@return [N, T, ...]: the two outermost axes swapped}
   *
   * @param pass holds what is computed
   * @param x [T, N, ...]
   */
  static Tensor transposed(Pass pass, Tensor x) {
    var dims = x.shape().dims();
    long outer = dims[0];
    dims[0] = dims[1];
    dims[1] = outer;
    var y = pass.watch(pass.empty(x.type(), Shape.of(dims)));
    long rest = x.shape().inner().inner().elements();
    var kernels = pass.device().backend();
    kernels
        .kernel("permute")
        .run(pass.stream(), new double[] {1, 0, 2, outer, dims[0], rest}, x, y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null && pass.wants(x)) {
            kernels
                .kernel("permute_add")
                .run(
                    pass.stream(),
                    new double[] {1, 0, 2, dims[0], outer, rest},
                    dy,
                    pass.gradient(x));
          }
        });
    return y;
  }

  private static void copyColumns(Pass pass, List<Tensor> parts, Tensor whole, boolean back) {
    var backend = pass.device().backend();
    long at = 0;
    for (var part : parts) {
      long width = part.shape().dim(-1);
      if (!back) {
        var scalars = new double[] {width, 0, at};
        backend.kernel("columns").run(pass.stream(), scalars, part, whole);
      } else if (pass.wants(part)) {
        var scalars = new double[] {width, at, 0};
        backend
            .kernel("columns_add")
            .run(pass.stream(), scalars, pass.gradient(whole), pass.gradient(part));
      }
      at += width;
    }
  }
}
