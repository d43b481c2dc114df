package dev.sluice.benchmarks;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * When a run has to be over. What would begin too late, as on a machine that does much else, is
 * left out, and said to be.
 */
final class Deadline {
  private static final Duration QUICK = Duration.ofMinutes(5);

  /** Seconds of the five minutes that a part needs for itself and for those that come after it. */
  private static final Map<String, Integer> NEEDED =
      Map.of("peers", 150, "sessions", 120, "c", 106, "startup", 92, "memory", 70, "jmh", 45);

  private final Instant end;
  private final List<String> leftOut = new ArrayList<>();

  /**
   * @param began when the run began, for one that is quick; null for one that takes its time
   */
  Deadline(Instant began) {
    end = began == null ? Instant.MAX : began.plus(QUICK);
  }

  /**
   * {@return whether there is time for something; if not, says that it is left out}
   *
   * @param part which it is or belongs to
   * @param what it is
   */
  boolean allows(String part, String what) {
    boolean early = Instant.now().isBefore(end.minusSeconds(NEEDED.get(part)));
    if (!early) {
      leaveOut(what);
    }
    return early;
  }

  /** Says that something is left out. */
  void leaveOut(String what) {
    leftOut.add(what);
    System.out.println("left out, to end within 5 minutes: " + what);
  }

  /** What was left out. */
  List<String> leftOut() {
    return leftOut;
  }
}
