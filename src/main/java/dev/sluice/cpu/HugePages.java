package dev.sluice.cpu;

import static dev.sluice.bindings.gomp.Gomp_h.madvise;
import static dev.sluice.bindings.gomp.Gomp_h.mmap;
import static dev.sluice.bindings.gomp.Gomp_h.munmap;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory in pages of 2 MiB where Linux has them to give: loops that walk many matrices at once, as
 * Winograd's do, otherwise wait for addresses to be translated.
 */
final class HugePages {
  static final long SIZE = 2 << 20;

  // Linux's numbers for PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, MADV_HUGEPAGE.
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int HUGE = 14;

  private static final long FAILED = -1;

  private HugePages() {}

  /**
   * {@return zeros that begin with a page; what is less than one at the end takes small ones}
   *
   * @throws OutOfMemoryError if there is no room
   */
  static MemorySegment allocate(Arena arena, long bytes) {
    // Room to begin with a page; what is never touched takes no memory.
    long room = bytes + SIZE;
    var all = mmap(MemorySegment.NULL, room, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
    if (all.address() == FAILED) {
      throw new OutOfMemoryError("mmap of " + room + " bytes");
    }
    var first = MemorySegment.ofAddress((all.address() + SIZE - 1) / SIZE * SIZE);
    // A system that refuses has small pages for all.
    madvise(first, bytes, HUGE);
    return first.reinterpret(bytes, arena, s -> munmap(all, room));
  }
}
