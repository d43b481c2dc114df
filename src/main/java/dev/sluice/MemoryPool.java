package dev.sluice;

import dev.sluice.spi.Backend;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The blocks of one device. A block that an arena gives back is kept and handed out again, so that
 * a steady loop of passes allocates nothing. Memory goes back to the system when the device is
 * closed, or when there is no room for a new block.
 */
final class MemoryPool {
  private static final long SMALLEST = 1 << 20;

  private final Backend backend;
  private final long cap;
  private final Map<MemorySegment, Long> sizes = new IdentityHashMap<>();
  private final java.util.ArrayList<MemorySegment> free = new java.util.ArrayList<>();
  private long reserved;
  private long used;
  private long highWater;

  MemoryPool(Backend backend, long cap) {
    this.backend = backend;
    this.cap = cap;
  }

  /** The smallest free block that is large enough, or a new one. */
  synchronized MemorySegment take(long bytes, String asker) {
    MemorySegment best = null;
    for (var block : free) {
      if (sizes.get(block) >= bytes && (best == null || sizes.get(block) < sizes.get(best))) {
        best = block;
      }
    }
    if (best != null) {
      free.remove(best);
      return best;
    }
    return allocate(bytes, asker);
  }

  private MemorySegment allocate(long bytes, String asker) {
    long size = roundUp(bytes);
    if (reserved + size > cap) {
      releaseIdle();
    }
    if (reserved + size > cap) {
      size = bytes;
    }
    if (reserved + size > cap) {
      throw new OutOfDeviceMemoryException(
          "arena " + asker,
          0,
          "OVER_CAP",
          "asked for "
              + bytes
              + " bytes, cap "
              + cap
              + ", reserved "
              + reserved
              + ", in use "
              + used
              + "; raise the cap, close arenas, or use a smaller batch");
    }
    var block = allocate(size);
    sizes.put(block, size);
    reserved += size;
    return block;
  }

  private MemorySegment allocate(long size) {
    try {
      return backend.allocate(size);
    } catch (OutOfDeviceMemoryException e) {
      if (free.isEmpty()) {
        throw e;
      }
      releaseIdle();
      return backend.allocate(size);
    }
  }

  /** Blocks that are each too small for what is asked must not keep it from its room. */
  private void releaseIdle() {
    for (var block : free) {
      backend.free(block);
      reserved -= sizes.remove(block);
    }
    free.clear();
  }

  /** Powers of two and three quarters of them: little waste, and blocks fit again. */
  private static long roundUp(long bytes) {
    long power = Long.highestOneBit(Math.max(bytes - 1, SMALLEST / 2)) << 1;
    return bytes <= power / 4 * 3 && power > SMALLEST ? power / 4 * 3 : power;
  }

  synchronized long sizeOf(MemorySegment block) {
    return sizes.get(block);
  }

  synchronized void handedOut(long bytes) {
    used += bytes;
    highWater = Math.max(highWater, used);
  }

  synchronized void giveBack(List<MemorySegment> blocks, long bytes) {
    free.addAll(blocks);
    used -= bytes;
  }

  synchronized MemoryStats stats() {
    return new MemoryStats(reserved, used, highWater, cap);
  }

  synchronized void resetHighWater() {
    highWater = used;
  }

  synchronized void close() {
    sizes.keySet().forEach(backend::free);
    sizes.clear();
    free.clear();
  }
}
