package dev.sluice;

import dev.sluice.spi.Backend;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
  private final Map<MemorySegment, String> holders = new IdentityHashMap<>();
  private final Map<MemorySegment, Stream> lastUsers = new IdentityHashMap<>();
  private final List<MemorySegment> free = new ArrayList<>();
  private long reserved;
  private long used;
  private long highWater;

  MemoryPool(Backend backend, long cap) {
    this.backend = backend;
    this.cap = cap;
  }

  /**
   * The smallest free block that is large enough, the lowest of these, so that a steady loop finds
   * the same ones whatever came between; or a new one. What another stream still does with the
   * block is done before what this one does.
   *
   * @param user the stream that will use it, or null for any
   */
  synchronized MemorySegment take(long bytes, String asker, Stream user) {
    MemorySegment best = null;
    for (var block : free) {
      if (sizes.get(block) >= bytes && (best == null || before(block, best))) {
        best = block;
      }
    }
    if (best == null) {
      best = allocate(bytes, asker);
    } else {
      order(lastUsers.get(best), user);
      free.remove(best);
    }
    holders.put(best, asker);
    return best;
  }

  private boolean before(MemorySegment block, MemorySegment other) {
    int sizesOf = Long.compare(sizes.get(block), sizes.get(other));
    return sizesOf < 0 || sizesOf == 0 && block.address() < other.address();
  }

  /** Takes blocks that were given back, if they are all still there and free. */
  synchronized boolean retake(List<MemorySegment> blocks, long bytes, String asker, Stream user) {
    for (var block : blocks) {
      if (!sizes.containsKey(block) || holders.containsKey(block)) {
        return false;
      }
    }
    for (var block : blocks) {
      order(lastUsers.get(block), user);
      free.removeIf(each -> each == block);
      holders.put(block, asker);
    }
    handedOut(bytes);
    return true;
  }

  private static void order(Stream before, Stream after) {
    if (before == null || before == after) {
      return;
    }
    if (after == null) {
      before.synchronize();
    } else {
      after.after(before);
    }
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
          "arena " + asker, 0, "OVER_CAP", "asked for " + bytes + " bytes, " + holdings());
    }
    var block = allocate(size);
    sizes.put(block, size);
    reserved += size;
    return block;
  }

  private MemorySegment allocate(long size) {
    try {
      try {
        return backend.allocate(size);
      } catch (OutOfDeviceMemoryException e) {
        if (free.isEmpty()) {
          throw e;
        }
        releaseIdle();
        return backend.allocate(size);
      }
    } catch (OutOfDeviceMemoryException e) {
      var more =
          new OutOfDeviceMemoryException(
              e.call(), e.code(), e.status(), e.reason() + "; " + holdings());
      more.initCause(e);
      throw more;
    }
  }

  /** What the pool holds and for whom, and what to do about it. */
  private String holdings() {
    var largest = new TreeMap<String, Long>();
    holders.forEach((block, holder) -> largest.merge(holder, sizes.get(block), Long::sum));
    var names =
        largest.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
            .limit(3)
            .map(holder -> holder.getKey() + " " + holder.getValue())
            .toList();
    return (cap == Long.MAX_VALUE ? "" : "cap " + cap + ", ")
        + "reserved "
        + reserved
        + ", in use "
        + used
        + (names.isEmpty() ? "" : ", largest holders: " + String.join(", ", names))
        + "; "
        + (cap == Long.MAX_VALUE ? "" : "raise the cap, ")
        + "close arenas, or use a smaller batch";
  }

  /**
   * Blocks that are each too small for what is asked must not keep it from its room. A block whose
   * freeing fails is forgotten too, since freeing it twice would be worse than losing it.
   */
  synchronized void releaseIdle() {
    while (!free.isEmpty()) {
      var block = free.getLast();
      order(lastUsers.get(block), null);
      free.removeLast();
      lastUsers.remove(block);
      reserved -= sizes.remove(block);
      backend.free(block);
    }
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

  /**
   * @param user the only stream that used the blocks, or null if none is at work on them
   */
  synchronized void giveBack(List<MemorySegment> blocks, long bytes, Stream user) {
    for (var block : blocks) {
      holders.remove(block);
      lastUsers.put(block, user);
      free.add(block);
    }
    used -= bytes;
  }

  synchronized MemoryStats stats() {
    return new MemoryStats(reserved, used, highWater, cap);
  }

  synchronized void resetHighWater() {
    highWater = used;
  }

  /** Frees every block, whatever becomes of the others. */
  synchronized void close() {
    RuntimeException failure = null;
    for (var block : sizes.keySet()) {
      failure = Device.ended(() -> backend.free(block), failure);
    }
    sizes.clear();
    free.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
