package dev.sluice.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory in pages of 2 MiB where Linux has them to give: loops that walk many matrices at once, as
 * Winograd's do, otherwise wait for addresses to be translated.
 */
final class HugePages {
  static final long SIZE = 2 << 20;

  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int ADVICE = 14;

  private static final MethodHandle MMAP =
      call("mmap", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MADVISE = call("madvise", JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MUNMAP = call("munmap", JAVA_LONG, JAVA_LONG);

  private HugePages() {}

  private static MethodHandle call(String name, MemoryLayout... arguments) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_LONG, arguments));
  }

  /**
   * {@return zeros that begin with a page; what is less than one at the end takes small ones}
   *
   * @throws OutOfMemoryError if there is no room
   */
  static MemorySegment allocate(Arena arena, long bytes) {
    // Room to begin with a page; what is never touched takes no memory.
    long room = bytes + SIZE;
    try {
      long all = (long) MMAP.invokeExact(0L, room, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (all == -1) {
        throw new OutOfMemoryError("mmap of " + room + " bytes");
      }
      long first = (all + SIZE - 1) / SIZE * SIZE;
      // A system that refuses has small pages for all.
      long ignored = (long) MADVISE.invokeExact(first, bytes, ADVICE);
      return MemorySegment.ofAddress(first).reinterpret(bytes, arena, s -> free(all, room));
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void free(long all, long room) {
    try {
      long ignored = (long) MUNMAP.invokeExact(all, room);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
