package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;

/** Rows of a tensor in another order, each at most once. */
final class Gathered {
  private Gathered() {}

  /**
   * {@return [n, C]: rows by their numbers, zero for -1}
   *
   * @param x [m, C]
   * @param rows [n], none but -1 twice
   */
  static Tensor rows(Pass pass, Tensor x, int[] rows) {
    var y = pass.watch(pass.empty(x.type(), Shape.of(rows.length, x.shape().dim(1))));
    gather(pass, x, rows, y, false);
    recordBack(pass, x, rows, y);
    return y;
  }

  /** Adds such rows to y, which is watched. */
  static void add(Pass pass, Tensor x, int[] rows, Tensor y) {
    gather(pass, x, rows, y, true);
    recordBack(pass, x, rows, y);
  }

  private static void recordBack(Pass pass, Tensor x, int[] rows, Tensor y) {
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null && pass.wants(x)) {
            var back = PackedOrder.inverse(rows, x.shape().size(0));
            gather(pass, dy, back, pass.gradient(x), true);
          }
        });
  }

  private static void gather(Pass pass, Tensor x, int[] rows, Tensor y, boolean add) {
    pass.device()
        .backend()
        .kernel("gather_rows")
        .run(pass.stream(), new double[] {add ? 1 : 0}, x, pass.ints(rows), y);
  }
}
