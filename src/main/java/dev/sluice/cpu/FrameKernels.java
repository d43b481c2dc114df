package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Kernels that move elements and leave them as they are. */
final class FrameKernels {
  private FrameKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("permute", (stream, scalars, t) -> permute(stream, scalars, t, false));
    all.put("permute_add", (stream, scalars, t) -> permute(stream, scalars, t, true));
    all.put("columns", (stream, scalars, t) -> columns(scalars, t[0], t[1], false));
    all.put("columns_add", (stream, scalars, t) -> columns(scalars, t[0], t[1], true));
  }

  /**
   * permute(axes...): x, y: axis i of y is axis axes[i] of x. {@code permute_add} adds. The scalars
   * are followed by the sizes of x's axes, since a view may split them further than x's shape.
   */
  private static void permute(Stream stream, double[] scalars, Tensor[] t, boolean add) {
    var reals = Reals.of(t[0].type());
    new Permutation(scalars).run(team(stream), reals, t[0].memory(), t[1].memory(), add);
  }

  /**
   * columns(width, from column, to column): x [rows, a], y [rows, b]: y's columns (+)= x's; the
   * parts and the whole of a concatenation along the innermost axis.
   */
  private static void columns(double[] scalars, Tensor x, Tensor y, boolean add) {
    int width = (int) scalars[0];
    long a = x.shape().dim(-1);
    long b = y.shape().dim(-1);
    long rows = a == 0 ? 0 : x.shape().elements() / a;
    var reals = Reals.of(x.type());
    var from = x.memory();
    var to = y.memory();
    for (long row = 0; row < rows; row++) {
      for (int j = 0; j < width; j++) {
        long at = row * b + (long) scalars[2] + j;
        double value = reals.get(from, row * a + (long) scalars[1] + j);
        reals.set(to, at, add ? reals.get(to, at) + value : value);
      }
    }
  }
}
