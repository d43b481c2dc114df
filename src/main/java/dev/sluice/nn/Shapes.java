package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.Arrays;
import java.util.StringJoiner;

/** Checks tensors before a native call sees them. */
final class Shapes {
  /** Stands for an axis of any size. */
  static final long ANY = -1;

  private Shapes() {}

  /**
   * Checks type and sizes.
   *
   * @param what was called, for the message: {@code lstm: x}
   * @param names of the axes, for the message: {@code T, N, C}
   * @param dims expected sizes or {@link #ANY}
   */
  static Tensor check(String what, Tensor tensor, DType type, String names, long... dims) {
    if (tensor == null) {
      throw new IllegalArgumentException(
          what + ": expected " + expected(names, dims) + ", got none");
    }
    boolean fits = tensor.shape().rank() == dims.length;
    for (int i = 0; fits && i < dims.length; i++) {
      fits = dims[i] == ANY ? tensor.shape().dim(i) > 0 : tensor.shape().dim(i) == dims[i];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          what + ": expected " + expected(names, dims) + ", got " + tensor.shape());
    }
    if (tensor.type() != type) {
      throw new IllegalArgumentException(what + ": expected " + type + ", got " + tensor.type());
    }
    return tensor;
  }

  private static String expected(String names, long... dims) {
    var parts = names.split(", ");
    var text = new StringJoiner(", ", "[", "]");
    for (int i = 0; i < dims.length; i++) {
      text.add(dims[i] == ANY ? parts[i] : String.valueOf(dims[i]));
    }
    return text + " ([" + names + "])";
  }

  /** The indices of an element, for a message: {@code [2, 3]}. */
  static String position(Shape shape, long element) {
    var at = new long[shape.rank()];
    long rest = element;
    for (int axis = at.length - 1; axis >= 0; axis--) {
      at[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return Arrays.toString(at);
  }
}
