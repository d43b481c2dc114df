package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;

/**
 * Frames [..., H, W, C] cut into patches of p x p pixels, [..., H/p, W/p, p p C], and put together
 * again. Channel order (py p + px) C + c, as in the official PredRNN. A permutation: it changes no
 * mean.
 *
 * @param size p
 */
public record Patch(int size) {
  private static final int[] AXES = {0, 1, 3, 2, 4, 5};

  /** Checks the size. */
  public Patch {
    if (size < 1) {
      throw new IllegalArgumentException("patch: expected a size >= 1, got " + size);
    }
  }

  /**
   * {@return [..., H/p, W/p, p p C]}
   *
   * @param pass holds what is computed
   * @param frames [..., H, W, C], H and W multiples of p
   */
  public Tensor split(Pass pass, Tensor frames) {
    var dims = frames.shape().dims();
    int rank = dims.length;
    if (rank < 3 || dims[rank - 3] % size != 0 || dims[rank - 2] % size != 0) {
      throw new IllegalArgumentException(
          "patch: expected [..., H, W, C] with H and W multiples of "
              + size
              + ", got "
              + frames.shape());
    }
    dims[rank - 3] /= size;
    dims[rank - 2] /= size;
    dims[rank - 1] *= (long) size * size;
    long channels = frames.shape().dim(-1);
    var sizes = sizes(dims, size, channels, false);
    return permuted(pass, frames, Shape.of(dims), sizes, sizes(dims, size, channels, true));
  }

  /**
   * {@return [..., H, W, C]}
   *
   * @param pass holds what is computed
   * @param patches [..., H/p, W/p, p p C]
   */
  public Tensor join(Pass pass, Tensor patches) {
    var dims = patches.shape().dims();
    int rank = dims.length;
    if (rank < 3 || dims[rank - 1] % ((long) size * size) != 0) {
      throw new IllegalArgumentException(
          "patch: expected [..., H, W, C] with C a multiple of "
              + size
              + " squared, got "
              + patches.shape());
    }
    var cut = dims.clone();
    dims[rank - 3] *= size;
    dims[rank - 2] *= size;
    dims[rank - 1] /= (long) size * size;
    var to = sizes(cut, size, dims[rank - 1], false);
    return permuted(pass, patches, Shape.of(dims), sizes(cut, size, dims[rank - 1], true), to);
  }

  /** The six axes: frames, H/p, p, W/p, p, C of a frame, or with the two in the middle swapped. */
  private static double[] sizes(long[] cut, int p, long channels, boolean swapped) {
    int rank = cut.length;
    double frames = 1;
    for (int i = 0; i < rank - 3; i++) {
      frames *= cut[i];
    }
    double h = cut[rank - 3];
    double w = cut[rank - 2];
    return swapped
        ? new double[] {frames, h, w, p, p, channels}
        : new double[] {frames, h, p, w, p, channels};
  }

  private static Tensor permuted(
      Pass pass, Tensor from, Shape shape, double[] sizes, double[] back) {
    if (sizes[2] == 1 && back[2] == 1 && from.shape().equals(shape)) {
      return from;
    }
    var to = pass.empty(from.type(), shape);
    run(pass, "permute", sizes, from, to);
    if (pass.wants(from)) {
      pass.watch(to);
      pass.record(
          () -> {
            var arrived = pass.arrived(to);
            if (arrived != null) {
              run(pass, "permute_add", back, arrived, pass.gradient(from));
            }
          });
    }
    return to;
  }

  private static void run(Pass pass, String kernel, double[] sizes, Tensor from, Tensor to) {
    var scalars = new double[12];
    for (int i = 0; i < 6; i++) {
      scalars[i] = AXES[i];
      scalars[6 + i] = sizes[i];
    }
    pass.device().backend().kernel(kernel).run(pass.stream(), scalars, from, to);
  }
}
