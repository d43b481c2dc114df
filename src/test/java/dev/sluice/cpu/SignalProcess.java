package dev.sluice.cpu;

import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Multiplies while signals come in as a profiler sends them, and says whether the blocks of native
 * memory that it had taken before are still what they were.
 */
final class SignalProcess {
  /** SIGUSR2, by which the JVM stops threads to sample them; it returns from it at once else. */
  private static final int SIGNAL = 12;

  private static final int BLOCKS = 50;
  private static final int BYTES = 40_000;

  private SignalProcess() {}

  public static void main(String[] args) throws Throwable {
    NativeLibraries.load(NativeLibrary.ONEDNN);
    long self =
        (long) function("pthread_self", FunctionDescriptor.of(ValueLayout.JAVA_LONG)).invoke();
    var kill =
        function(
            "pthread_kill",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    try (var arena = Arena.ofShared()) {
      var blocks = new MemorySegment[BLOCKS];
      for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = arena.allocate(BYTES).fill((byte) 42);
      }
      var signals = Thread.ofPlatform().daemon().start(() -> send(kill, self));
      multiply(arena);
      signals.interrupt();
      signals.join();
      for (var block : blocks) {
        if (block.mismatch(MemorySegment.ofArray(new byte[BYTES]).fill((byte) 42)) >= 0) {
          System.out.println("damaged");
          return;
        }
      }
    }
    System.out.println("whole");
  }

  private static MethodHandle function(String name, FunctionDescriptor type) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  private static void send(MethodHandle kill, long thread) {
    try {
      while (!Thread.interrupted()) {
        int status = (int) kill.invoke(thread, SIGNAL);
        if (status != 0) {
          throw new IllegalStateException("pthread_kill gave " + status);
        }
        Thread.onSpinWait();
      }
    } catch (Throwable t) {
      throw new IllegalStateException(t);
    }
  }

  private static void multiply(Arena arena) {
    int size = 256;
    var a = arena.allocate(4L * size * size, 64);
    var c = arena.allocate(4L * size * size, 64);
    for (int round = 0; round < 200; round++) {
      for (int way = 0; way < 4; way++) {
        boolean ta = way % 2 > 0;
        OneDnn.sgemm(ta, way > 1, size, size, size, a, size, a, size, 0, c, size);
      }
    }
  }
}
