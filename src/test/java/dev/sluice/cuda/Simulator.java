package dev.sluice.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.sluice.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;

/**
 * The simulated device: the folder that the property {@code sluice.simulator} names holds the
 * libraries that stand for NVIDIA's; tests that ask are {@link Simulated}. What it counts and
 * reports is asked of its libcuda, after {@link #open}.
 */
final class Simulator {
  private Simulator() {}

  /** {@return the device, open} */
  static Device open() {
    return open(Device.Options.defaults());
  }

  /** {@return the device, open as the options say} */
  static Device open(Device.Options options) {
    return Device.open(options.engine("cuda"));
  }

  /** {@return how often a function was called since {@link #clear}; all, for an empty name} */
  static long calls(String name) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(name);
      return (long) call("sluice_sim_calls", FunctionDescriptor.of(JAVA_LONG, ADDRESS), text);
    }
  }

  /** {@return "name count" lines of all functions called since {@link #clear}} */
  static String calls() {
    return text("sluice_sim_calls_text");
  }

  /** {@return broken contracts, a line each; empty if there are none} */
  static String report() {
    return text("sluice_sim_report_text");
  }

  /** {@return "kind handle" lines of what is open} */
  static String ledger() {
    return text("sluice_sim_ledger_text");
  }

  /** {@return how many injected failures have happened} */
  static long injected() {
    return (long) call("sluice_sim_injected", FunctionDescriptor.of(JAVA_LONG));
  }

  /** Counts from 0 again and forgets the report. */
  static void clear() {
    call("sluice_sim_clear_calls", FunctionDescriptor.ofVoid());
    call("sluice_sim_clear_report", FunctionDescriptor.ofVoid());
    call("sluice_sim_clear_injections", FunctionDescriptor.ofVoid());
  }

  /** Forgets everything, as a new process would, but for what Java holds. */
  static void reset() {
    call("sluice_sim_reset", FunctionDescriptor.ofVoid());
  }

  /** The {@code at}-th next call of a function, 1 is the next, fails with a status. */
  static void inject(String name, int at, int status) {
    inject("sluice_sim_inject", name, at, status);
  }

  /** The same, and so does every call after it. */
  static void injectSticky(String name, int at, int status) {
    inject("sluice_sim_inject_sticky", name, at, status);
  }

  private static void inject(String function, String name, int at, int status) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(name);
      call(function, FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT), text, at, status);
    }
  }

  /** Bytes that a device has from now on. */
  static void setMemory(long bytes) {
    call("sluice_sim_set_memory", FunctionDescriptor.ofVoid(JAVA_LONG), bytes);
  }

  /** Another choice of weight layouts and odd sizes. */
  static void setSeed(long seed) {
    call("sluice_sim_set_seed", FunctionDescriptor.ofVoid(JAVA_LONG), seed);
  }

  /** Bytes of workspace that every engine of a convolution wants for each frame from now on. */
  static void setHunger(long bytes) {
    call("sluice_sim_set_hunger", FunctionDescriptor.ofVoid(JAVA_LONG), bytes);
  }

  private static String text(String function) {
    try (var arena = Arena.ofConfined()) {
      int most = 1 << 16;
      MemorySegment into = arena.allocate(most);
      call(function, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), into, most);
      return into.getString(0);
    }
  }

  private static Object call(String name, FunctionDescriptor type, Object... arguments) {
    var address = SymbolLookup.loaderLookup().find(name).orElseThrow();
    try {
      return Linker.nativeLinker().downcallHandle(address, type).invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
