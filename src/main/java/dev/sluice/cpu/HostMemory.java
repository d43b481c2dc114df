package dev.sluice.cpu;

import dev.sluice.OutOfDeviceMemoryException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A block of memory outside the Java heap. What the system can give is asked for first: malloc
 * alone says yes to more than there is, and the kernel then kills.
 */
final class HostMemory implements AutoCloseable {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final long ALWAYS_THERE = 1 << 20;

  private final Arena arena;
  private final MemorySegment block;

  /**
   * @param bytes of it, zeros
   * @param alignment of its address
   * @throws OutOfDeviceMemoryException if there is no room
   */
  HostMemory(long bytes, long alignment) {
    if (NativeCalls.fault("malloc") != 0) {
      throw none(bytes, "");
    }
    long available = bytes <= ALWAYS_THERE ? Long.MAX_VALUE : available();
    if (bytes > available) {
      throw none(bytes, ", available " + available);
    }
    arena = Arena.ofShared();
    try {
      block =
          bytes < HugePages.SIZE
              ? arena.allocate(bytes, alignment)
              : HugePages.allocate(arena, bytes);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw none(bytes, "");
    }
    NativeCalls.opened();
  }

  private static OutOfDeviceMemoryException none(long bytes, String more) {
    return new OutOfDeviceMemoryException(
        "malloc", 0, "NULL", "asked for " + bytes + " bytes" + more + "; use smaller shapes");
  }

  MemorySegment block() {
    return block;
  }

  @Override
  public void close() {
    arena.close();
    NativeCalls.closed();
  }

  /**
   * Bytes that can be had without swapping; {@link Long#MAX_VALUE} where the system does not say.
   */
  static long available() {
    try (var lines = Files.lines(MEMINFO)) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(Long.MAX_VALUE);
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }
}
