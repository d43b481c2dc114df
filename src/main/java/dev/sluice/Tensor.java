package dev.sluice;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A dense, row-major block of numbers on a device. It owns nothing: the arena or pass that made it
 * does, and after that is closed every use throws {@link IllegalStateException}. Slices and
 * reshapes are views of the same memory.
 */
public final class Tensor {
  private final DeviceArena arena;
  private final Tensor base;
  private final MemorySegment block;
  private final long offset;
  private final DType type;
  private final Shape shape;

  /** The bytes, once they were asked for: engines ask often. */
  private MemorySegment memory;

  Tensor(DeviceArena arena, MemorySegment block, long offset, DType type, Shape shape) {
    this.arena = arena;
    this.base = this;
    this.block = block;
    this.offset = offset;
    this.type = type;
    this.shape = shape;
  }

  private Tensor(Tensor of, long offset, Shape shape) {
    this.arena = of.arena;
    this.base = of.base;
    this.block = of.block;
    this.offset = offset;
    this.type = of.type;
    this.shape = shape;
  }

  /** The same elements, as if another arena owned them. */
  Tensor in(DeviceArena other) {
    return new Tensor(other, block, offset, type, shape);
  }

  /** {@return the sizes of the axes} */
  public Shape shape() {
    return shape;
  }

  /** {@return the type of the elements} */
  public DType type() {
    return type;
  }

  /** {@return the arena that owns the memory} */
  public DeviceArena arena() {
    return arena;
  }

  /** {@return bytes that the elements take} */
  public long bytes() {
    return shape.bytes(type);
  }

  /** {@return the tensor that this one is a view of, or this one} */
  public Tensor base() {
    return base;
  }

  /**
   * {@return the same view, taken of another tensor of the base's shape}
   *
   * @param other a tensor with as many elements as {@link #base}; its gradient, say
   */
  public Tensor viewOf(Tensor other) {
    if (other.shape.elements() != base.shape.elements()) {
      throw new IllegalArgumentException(
          "viewOf: expected a tensor of "
              + base.shape.elements()
              + " elements as in "
              + base.shape
              + ", got "
              + other.shape);
    }
    if (base == this) {
      return other;
    }
    return new Tensor(
        other, other.offset + (offset - base.offset) / type.bytes() * other.type.bytes(), shape);
  }

  /**
   * {@return rows {@code from} to {@code to} (exclusive) of the outermost axis}
   *
   * @param from first row
   * @param to one past the last
   */
  public Tensor slice(long from, long to) {
    Objects.checkFromToIndex(from, to, shape.dim(0));
    var inner = shape.inner();
    return new Tensor(this, offset + from * inner.bytes(type), inner.outer(to - from));
  }

  /**
   * {@return one entry of the outermost axis, without that axis}
   *
   * @param index which
   */
  public Tensor at(long index) {
    Objects.checkIndex(index, shape.dim(0));
    var inner = shape.inner();
    return new Tensor(this, offset + index * inner.bytes(type), inner);
  }

  /**
   * {@return the same elements under another shape}
   *
   * @param other a shape with as many elements
   */
  public Tensor reshape(Shape other) {
    if (other.elements() != shape.elements()) {
      throw new IllegalArgumentException(
          "reshape: expected " + shape.elements() + " elements as in " + shape + ", got " + other);
    }
    return new Tensor(this, offset, other);
  }

  /**
   * {@return the bytes of a tensor that the host can reach}
   *
   * @throws IllegalArgumentException if it lies in a device's own memory
   */
  public MemorySegment memory() {
    arena.requireOpen();
    if (block.byteSize() == 0) {
      throw new IllegalArgumentException(
          "expected a tensor of the cpu engine, got "
              + this
              + " of a device of engine "
              + arena.device().engine());
    }
    var bytes = memory;
    if (bytes == null) {
      bytes = block.asSlice(offset, bytes());
      memory = bytes;
    }
    return bytes;
  }

  /** {@return where the elements begin, in the device's own numbering where it has one} */
  public long address() {
    arena.requireOpen();
    return block.address() + offset;
  }

  /**
   * Copies values in; waits for nothing.
   *
   * @param values as many as there are elements, converted to {@link #type}
   * @return this
   */
  public Tensor set(float... values) {
    checkCount("set", values.length);
    try (var host = Arena.ofConfined()) {
      var bytes = host.allocate(Math.max(bytes(), 1), 64);
      switch (type) {
        case FLOAT32 ->
            MemorySegment.copy(values, 0, bytes, ValueLayout.JAVA_FLOAT, 0, values.length);
        case FLOAT64 -> {
          for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[i]);
          }
        }
        case FLOAT16 -> {
          for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
          }
        }
        default -> throw wrongType("set(float...)", "FLOAT32, FLOAT64 or FLOAT16");
      }
      arena.device().upload(bytes, this);
    }
    return this;
  }

  /**
   * Copies values in.
   *
   * @param values as many as there are elements, converted to {@link #type}
   * @return this
   */
  public Tensor set(double[] values) {
    checkCount("set", values.length);
    if (type != DType.FLOAT64) {
      var narrow = new float[values.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = (float) values[i];
      }
      return set(narrow);
    }
    try (var host = Arena.ofConfined()) {
      arena.device().upload(host.allocateFrom(ValueLayout.JAVA_DOUBLE, values), this);
    }
    return this;
  }

  /**
   * Copies integers in.
   *
   * @param values as many as there are elements; the type is {@link DType#INT32}
   * @return this
   */
  public Tensor set(int[] values) {
    checkCount("set", values.length);
    if (type != DType.INT32) {
      throw wrongType("set(int[])", "INT32");
    }
    try (var host = Arena.ofConfined()) {
      arena.device().upload(host.allocateFrom(ValueLayout.JAVA_INT, values), this);
    }
    return this;
  }

  /** {@return the elements as floats; waits for the work before} */
  public float[] floats() {
    var values = new float[Math.toIntExact(shape.elements())];
    read(values, 0, values.length);
    return values;
  }

  /**
   * Copies the first elements out without allocating more than a staging buffer.
   *
   * @param into where to
   * @param at first index there
   * @param count how many
   */
  public void read(float[] into, int at, int count) {
    Objects.checkFromIndexSize(at, count, into.length);
    Objects.checkFromIndexSize(0, count, shape.elements());
    if (type != DType.FLOAT32 && type != DType.FLOAT64 && type != DType.FLOAT16) {
      throw wrongType("floats()", "FLOAT32, FLOAT64 or FLOAT16");
    }
    try (var host = Arena.ofConfined()) {
      var bytes = download(host);
      for (int i = 0; type == DType.FLOAT64 && i < count; i++) {
        into[at + i] = (float) bytes.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
      }
      for (int i = 0; type == DType.FLOAT16 && i < count; i++) {
        into[at + i] = Float.float16ToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, i));
      }
      if (type == DType.FLOAT32) {
        MemorySegment.copy(bytes, ValueLayout.JAVA_FLOAT, 0, into, at, count);
      }
    }
  }

  /** {@return the elements as doubles; waits for the work before} */
  public double[] doubles() {
    if (type == DType.FLOAT64) {
      try (var host = Arena.ofConfined()) {
        return download(host).toArray(ValueLayout.JAVA_DOUBLE);
      }
    }
    var narrow = floats();
    var values = new double[narrow.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = narrow[i];
    }
    return values;
  }

  /** {@return the elements as ints; waits for the work before} */
  public int[] ints() {
    if (type != DType.INT32) {
      throw wrongType("ints()", "INT32");
    }
    try (var host = Arena.ofConfined()) {
      return download(host).toArray(ValueLayout.JAVA_INT);
    }
  }

  private MemorySegment download(Arena host) {
    var bytes = host.allocate(bytes(), 64);
    arena.device().download(this, bytes);
    return bytes;
  }

  private void checkCount(String call, long count) {
    if (count != shape.elements()) {
      throw new IllegalArgumentException(
          call + ": expected " + shape.elements() + " values for " + shape + ", got " + count);
    }
  }

  private IllegalArgumentException wrongType(String call, String expected) {
    return new IllegalArgumentException(
        call + ": expected a tensor of " + expected + ", got " + this);
  }

  @Override
  public String toString() {
    return type + " " + shape;
  }
}
