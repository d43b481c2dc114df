package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import java.lang.foreign.MemorySegment;

/**
 * Page-locked host memory between the caller's bytes and the device. Two halves: while copies from
 * one are under way, the other is filled; a half is used again when the event behind its last copy
 * has come.
 */
final class Staging implements AutoCloseable {
  private static final long HALF = 2 << 20;
  private static final long ALIGNMENT = 64;

  private final Driver driver;
  private final MemorySegment stream;
  private final MemorySegment memory;
  private final MemorySegment[] events = new MemorySegment[2];
  private final boolean[] pending = new boolean[2];
  private int half;
  private long used;

  Staging(Driver driver, MemorySegment stream) {
    this.driver = driver;
    this.stream = stream;
    this.memory = driver.allocateHost(2 * HALF);
    try {
      events[0] = driver.event();
      events[1] = driver.event();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Enqueues a copy of host bytes, which may be reused when this returns. */
  void upload(MemorySegment from, long to, long bytes) {
    for (long at = 0; at < bytes; at += HALF) {
      long count = Math.min(HALF, bytes - at);
      long target = to + at;
      var staged = take(count);
      MemorySegment.copy(from, at, staged, 0, count);
      driver.call("cuMemcpyHtoDAsync", () -> cuMemcpyHtoDAsync_v2(target, staged, count, stream));
    }
  }

  /** Copies to the host; synchronize waits for the stream. */
  void download(long from, MemorySegment to, long bytes, Runnable synchronize) {
    for (long at = 0; at < bytes; at += HALF) {
      long count = Math.min(HALF, bytes - at);
      long source = from + at;
      var staged = take(count);
      driver.call("cuMemcpyDtoHAsync", () -> cuMemcpyDtoHAsync_v2(staged, source, count, stream));
      synchronize.run();
      MemorySegment.copy(staged, 0, to, at, count);
    }
  }

  /** {@return so many bytes, at most a half, that no copy under way uses} */
  private MemorySegment take(long bytes) {
    if (used + bytes > HALF) {
      driver.call("cuEventRecord", () -> cuEventRecord(events[half], stream));
      pending[half] = true;
      half = 1 - half;
      used = 0;
      if (pending[half]) {
        driver.call("cuEventSynchronize", () -> cuEventSynchronize(events[half]));
        pending[half] = false;
      }
    }
    var taken = memory.asSlice(half * HALF + used, bytes);
    used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return taken;
  }

  @Override
  public void close() {
    if (driver.lost() != null) {
      return;
    }
    var cleanup = new Cleanup();
    for (var event : events) {
      if (event != null) {
        cleanup.run(() -> driver.destroyEvent(event));
      }
    }
    cleanup.run(() -> driver.freeHost(memory));
    cleanup.done();
  }
}
