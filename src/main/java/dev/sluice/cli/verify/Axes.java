package dev.sluice.cli.verify;

import dev.sluice.Shape;

/**
 * An order of axes: axis {@code i} of the library's tensor is axis {@code order[i]} of the case's.
 * No axes at all stands for the same order.
 */
record Axes(int... order) {
  /** The library's order is the case's. */
  static final Axes SAME = new Axes();

  /** [B, T, ...] in the case, [T, B, ...] in the library. */
  static final Axes BATCH_FIRST = new Axes(1, 0, 2);

  /** [B, T, C, H, W] in the case, [T, B, H, W, C] in the library. */
  static final Axes FRAMES = new Axes(1, 0, 3, 4, 2);

  /** [L, B, C, H, W] in the case, [L, B, H, W, C] in the library. */
  static final Axes STATES = new Axes(0, 1, 3, 4, 2);

  /** [B, C, H, W] in the case, [B, H, W, C] in the library. */
  static final Axes STATE = new Axes(0, 2, 3, 1);

  /** The library's shape for a case's. */
  Shape toLibrary(Shape shape) {
    if (order.length == 0) {
      return shape;
    }
    if (order.length != shape.rank()) {
      throw new IllegalArgumentException(
          "axes: expected " + order.length + " of them, got " + shape);
    }
    var dims = new long[order.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(order[i]);
    }
    return Shape.of(dims);
  }

  /** A case's values in the library's order. */
  double[] toLibrary(double[] values, Shape shape) {
    return moved(values, shape, false);
  }

  /**
   * The library's values in the case's order.
   *
   * @param shape the case's
   */
  double[] toCase(double[] values, Shape shape) {
    return moved(values, shape, true);
  }

  private double[] moved(double[] values, Shape shape, boolean back) {
    if (order.length == 0) {
      return values;
    }
    var to = toLibrary(shape).dims();
    var strides = new long[order.length];
    for (int i = 0; i < strides.length; i++) {
      strides[i] = 1;
      for (int inner = order[i] + 1; inner < order.length; inner++) {
        strides[i] *= shape.dim(inner);
      }
    }
    var moved = new double[values.length];
    for (int e = 0; e < values.length; e++) {
      int at = 0;
      long rest = e;
      for (int axis = order.length - 1; axis >= 0; axis--) {
        at += Math.toIntExact(rest % to[axis] * strides[axis]);
        rest /= to[axis];
      }
      moved[back ? at : e] = values[back ? e : at];
    }
    return moved;
  }
}
