package dev.sluice.cli.bench;

import java.util.Arrays;

/**
 * The times of some rounds, in the order of size.
 *
 * @param nanos of each round, ascending
 * @param heapBytes Java heap bytes that the median round allocated, or -1 where the JVM does not
 *     count them
 */
public record Timing(long[] nanos, long heapBytes) {
  /** Checks that there is a round, and orders them. */
  public Timing {
    if (nanos.length == 0) {
      throw new IllegalArgumentException("--rounds: expected 1 or more, got 0");
    }
    nanos = nanos.clone();
    Arrays.sort(nanos);
  }

  /**
   * {@return the times of rounds after untimed ones}
   *
   * @param round what to run
   * @param warmup how many rounds before
   * @param rounds how many are timed
   */
  public static Timing of(Runnable round, int warmup, int rounds) {
    for (int i = 0; i < warmup; i++) {
      round.run();
    }
    var heap = HeapCounter.open();
    var nanos = new long[rounds];
    var bytes = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      long before = heap.allocated();
      long start = System.nanoTime();
      round.run();
      nanos[i] = System.nanoTime() - start;
      bytes[i] = heap.allocated() - before;
    }
    Arrays.sort(bytes);
    return new Timing(nanos, heap.counts() ? bytes[rounds / 2] : -1);
  }

  /**
   * {@return the time in milliseconds that a share of the rounds did not exceed: the smallest round
   * with that share at or below it}
   *
   * @param share 0 for the fastest round, 0.5 for the median, 1 for the slowest
   */
  public double millis(double share) {
    int rank = (int) Math.ceil(share * nanos.length);
    return nanos[Math.max(rank, 1) - 1] / 1e6;
  }

  /** {@return the median in milliseconds; between two middle rounds their mean} */
  public double medianMillis() {
    int n = nanos.length;
    return (nanos[(n - 1) / 2] + nanos[n / 2]) / 2e6;
  }
}
