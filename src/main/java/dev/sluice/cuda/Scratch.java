package dev.sluice.cuda;

import dev.sluice.OutOfDeviceMemoryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Device memory for what lives no longer than a piece of work of one stream. It grows, by more than
 * it must where there is room; what it outgrew is kept until the stream closes, since captured
 * graphs hold addresses.
 */
final class Scratch implements AutoCloseable {
  private static final long SMALLEST = 1 << 20;
  private static final long ALIGNMENT = 256;

  private final CudaBackend backend;
  private final List<Long> blocks = new ArrayList<>();
  private long size;

  Scratch(CudaBackend backend) {
    this.backend = backend;
  }

  /** {@return the address of so many bytes; valid until the next call} */
  long of(long bytes) {
    if (bytes > size) {
      long more = Math.max(SMALLEST, Math.max(bytes, 2 * size));
      try {
        blocks.add(backend.allocateOwn(more));
        size = more;
      } catch (OutOfDeviceMemoryException e) {
        if (more == bytes) {
          throw e;
        }
        blocks.add(backend.allocateOwn(bytes));
        size = bytes;
      }
    }
    return blocks.isEmpty() ? 0 : blocks.getLast();
  }

  /** {@return addresses of several parts at once; valid until the next call} */
  long[] parts(long... sizes) {
    return cut(of(total(sizes)), sizes);
  }

  /** {@return what parts take that lie one behind the other} */
  static long total(long... sizes) {
    return Arrays.stream(sizes).map(Scratch::aligned).sum();
  }

  /** {@return the addresses of such parts} */
  static long[] cut(long base, long... sizes) {
    var at = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      at[i] = base;
      base += aligned(sizes[i]);
    }
    return at;
  }

  static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  @Override
  public void close() {
    if (backend.driver().lost() == null) {
      var cleanup = new Cleanup();
      blocks.forEach(block -> cleanup.run(() -> backend.driver().free(block)));
      blocks.clear();
      cleanup.done();
    }
  }
}
