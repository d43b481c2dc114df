package dev.sluice.cpu;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the engine asks of native code, counted: objects of oneDNN and blocks of memory that are
 * open, in all devices of the process. Tests make calls fail here.
 */
final class NativeCalls {
  /** Decides which call fails. */
  @FunctionalInterface
  interface Faults {
    /** {@return the status that a call gives instead of its own, 0 to let it be} */
    int status(String call);
  }

  private static final AtomicLong OPEN = new AtomicLong();
  private static volatile Faults faults = call -> 0;

  private NativeCalls() {}

  /** Makes calls fail; {@code call -> 0} ends it. */
  static void fail(Faults which) {
    faults = which;
  }

  /** {@return the status that a call is to give instead of being made, or 0} */
  static int fault(String call) {
    return faults.status(call);
  }

  static void opened() {
    OPEN.incrementAndGet();
  }

  static void closed() {
    OPEN.decrementAndGet();
  }

  /** {@return how many are open} */
  static long open() {
    return OPEN.get();
  }
}
