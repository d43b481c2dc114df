package dev.sluice.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Each thread's own memory for a window of pixels or taps and what becomes of it. */
final class WinogradRoom {
  private static final ThreadLocal<MemorySegment> ROOM =
      ThreadLocal.withInitial(() -> MemorySegment.NULL);

  private WinogradRoom() {}

  /** {@return the address of some bytes, whose values are anything; valid until the next call} */
  static long of(long bytes) {
    if (ROOM.get().byteSize() < bytes) {
      ROOM.set(Arena.ofAuto().allocate(bytes, 64));
    }
    return ROOM.get().address();
  }
}
