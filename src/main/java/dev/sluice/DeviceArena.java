package dev.sluice;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of one lifetime on a device: weights and optimiser state in one, the activations of a trip
 * in another. Tensors are laid one behind the other into blocks of the device's pool; closing gives
 * the blocks back and ends every tensor of the arena at once.
 */
public final class DeviceArena implements AutoCloseable {
  private static final long ALIGNMENT = 256;

  private final Device device;
  private final String name;
  private final Stream stream;
  private final Throwable opened;
  private final List<MemorySegment> blocks = new ArrayList<>();
  private long blockSize;
  private long used;
  private long total;
  private volatile boolean closed;

  DeviceArena(Device device, String name, Stream stream) {
    this.device = device;
    this.name = name;
    this.stream = stream;
    this.opened = device.traced() ? new Throwable(name + " was opened here") : null;
  }

  /** {@return the device} */
  public Device device() {
    return device;
  }

  /** {@return what the arena is for} */
  public String name() {
    return name;
  }

  /** {@return bytes handed out so far, padding included} */
  public synchronized long bytes() {
    return total;
  }

  /**
   * {@return a tensor whose values are undefined until written}
   *
   * @param type of its elements
   * @param shape of it
   * @throws OutOfDeviceMemoryException if neither the device nor the cap has room; the arena stays
   *     as it was
   */
  public synchronized Tensor empty(DType type, Shape shape) {
    requireOpen();
    long bytes = (Math.max(shape.bytes(type), 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (blocks.isEmpty() || used + bytes > blockSize) {
      var taken = device.pool().take(bytes, name, stream);
      blocks.add(taken);
      blockSize = device.pool().sizeOf(taken);
      used = 0;
    }
    var tensor = new Tensor(this, blocks.getLast(), used, type, shape);
    used += bytes;
    total += bytes;
    device.pool().handedOut(bytes);
    return tensor;
  }

  /**
   * {@return a tensor of zeros}
   *
   * @param type of its elements
   * @param shape of it
   */
  public Tensor zeros(DType type, Shape shape) {
    var tensor = empty(type, shape);
    device.zero(tensor);
    return tensor;
  }

  /**
   * {@return a float32 tensor of zeros}
   *
   * @param dims its sizes
   */
  public Tensor tensor(long... dims) {
    return zeros(DType.FLOAT32, Shape.of(dims));
  }

  /**
   * {@return a float32 tensor with these values}
   *
   * @param shape of it
   * @param values row-major
   */
  public Tensor tensor(Shape shape, float[] values) {
    return empty(DType.FLOAT32, shape).set(values);
  }

  /**
   * {@return the same elements as a tensor of this arena, for work that is done again when the
   * other's arena is gone, but not its memory}
   *
   * @param other of any arena
   */
  public Tensor alias(Tensor other) {
    return other.in(this);
  }

  /**
   * Opens a closed arena again, with its memory and its tensors, if nobody has the memory; what the
   * tensors hold is undefined.
   *
   * @return whether it is open
   */
  public synchronized boolean reopen() {
    if (!closed || !device.pool().retake(blocks, total, name, stream)) {
      return false;
    }
    closed = false;
    device.opened(this);
    return true;
  }

  /** The stream that its copies are ordered with, or null. */
  Stream stream() {
    return stream;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "tensor of " + name + ": expected an open arena, but it is closed");
    }
  }

  Throwable opened() {
    return opened;
  }

  /** Ends every tensor of this arena; doing so again does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try {
      if (stream == null) {
        device.streams().synchronize();
      } else {
        // What is kept back reads these tensors.
        stream.submit();
      }
    } finally {
      closed = true;
      device.pool().giveBack(blocks, total, stream);
      device.closed(this);
    }
  }
}
