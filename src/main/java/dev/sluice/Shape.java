package dev.sluice;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The sizes of a tensor's axes, outermost first; row-major. No size is negative and the number of
 * elements fits a {@code long}; a shape without axes is a scalar.
 */
public final class Shape {
  private final long[] dims;
  private final long elements;

  private Shape(long[] dims) {
    this.dims = dims;
    this.elements = count(dims);
  }

  private static long count(long[] dims) {
    long product = 1;
    boolean overflow = false;
    boolean none = false;
    for (long d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + ": expected sizes of 0 or more, got " + d);
      }
      overflow |= d != 0 && product > Long.MAX_VALUE / d;
      product = overflow ? product : product * d;
      none |= d == 0;
    }
    if (overflow && !none) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(dims) + ": expected at most 2^63-1 elements, got more");
    }
    return none ? 0 : product;
  }

  /**
   * {@return the shape with these sizes}
   *
   * @param dims sizes, outermost first
   * @throws IllegalArgumentException if a size is negative or their product overflows
   */
  public static Shape of(long... dims) {
    return new Shape(dims.clone());
  }

  /** {@return the number of axes} */
  public int rank() {
    return dims.length;
  }

  /**
   * {@return the size of an axis}
   *
   * @param axis 0 is the outermost; negative counts from the innermost, -1
   */
  public long dim(int axis) {
    int at = axis < 0 ? axis + dims.length : axis;
    if (at < 0 || at >= dims.length) {
      throw new IllegalArgumentException("shape " + this + " has no axis " + axis);
    }
    return dims[at];
  }

  /**
   * {@return the size of an axis as an int}
   *
   * @param axis as for {@link #dim}
   */
  public int size(int axis) {
    return Math.toIntExact(dim(axis));
  }

  /** {@return the number of elements} */
  public long elements() {
    return elements;
  }

  /**
   * {@return bytes that the elements take}
   *
   * @param type of the elements
   * @throws IllegalArgumentException if there are 2^59 elements or more, so that no sum of sizes
   *     overflows
   */
  public long bytes(DType type) {
    if (elements >= 1L << 59) {
      throw new IllegalArgumentException(
          "shape " + this + ": expected fewer than 2^59 elements, got " + elements);
    }
    return elements * type.bytes();
  }

  /** {@return the sizes, outermost first; a copy} */
  public long[] dims() {
    return dims.clone();
  }

  /** {@return this shape without its outermost axis} */
  public Shape inner() {
    dim(0);
    return new Shape(Arrays.copyOfRange(dims, 1, dims.length));
  }

  /**
   * {@return this shape with another axis put outside}
   *
   * @param size of the new outermost axis
   */
  public Shape outer(long size) {
    var more = new long[dims.length + 1];
    more[0] = size;
    System.arraycopy(dims, 0, more, 1, dims.length);
    return new Shape(more);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return LongStream.of(dims).mapToObj(Long::toString).collect(Collectors.joining(", ", "[", "]"));
  }
}
