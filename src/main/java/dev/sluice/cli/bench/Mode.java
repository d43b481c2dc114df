package dev.sluice.cli.bench;

import java.util.Locale;

/** What a round is. */
public enum Mode {
  /** A whole sequence through a pass of its own. */
  FORWARD,

  /** Forward, and backward to the input and all weights, which count as changed before. */
  TRAIN,

  /** One input through a session, from host to host; it carries its states to the next. */
  SESSION;

  /** Timed rounds unless asked otherwise. */
  int rounds() {
    return this == SESSION ? 2000 : 20;
  }

  /**
   * Runs the untimed rounds that come before unless asked otherwise; how many. Java's compiler is
   * done with a session's step after some thousands: when it takes no heap any more.
   */
  int warmUp(Runnable round) {
    var heap = HeapCounter.open();
    long start = System.nanoTime();
    for (int count = 1; ; count++) {
      long before = heap.allocated();
      round.run();
      double seconds = (System.nanoTime() - start) / 1e9;
      boolean settled = heap.allocated() == before ? seconds > 2 : seconds > 10;
      if (count >= 3 && (settled || this != SESSION)) {
        return count;
      }
    }
  }

  /** {@return the word users choose it by} */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
