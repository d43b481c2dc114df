package dev.sluice.cuda;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** The simulated device's list of what is open; NVIDIA's libraries have none. */
final class Ledger {
  private Ledger() {}

  /** {@return objects and blocks of memory that are open, or -1 where nobody counts them} */
  static long open() {
    return SymbolLookup.loaderLookup().find("sluice_sim_open_count").map(Ledger::asked).orElse(-1L);
  }

  private static long asked(MemorySegment function) {
    var type = FunctionDescriptor.of(ValueLayout.JAVA_LONG);
    try {
      return (long) Linker.nativeLinker().downcallHandle(function, type).invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("sluice_sim_open_count failed", e);
    }
  }
}
