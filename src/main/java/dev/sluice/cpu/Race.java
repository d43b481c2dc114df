package dev.sluice.cpu;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Which of some ways to do the same takes the least time. They run in turns, so that whatever slows
 * the machine slows them all, until none becomes faster any more: Java compiles its loops while
 * they run, and again when they meet another shape. The least of a way's times counts, since noise
 * only adds.
 */
final class Race {
  /** What is run over and over. */
  interface Entrant extends Runnable, AutoCloseable {
    /**
     * Runs where no thread waits for another, which makes the JVM's compiler wait least; before
     * what counts.
     *
     * @return whether there was anything to compile
     */
    boolean rehearse();

    @Override
    void close();
  }

  /** Nanoseconds that rounds go on at least where Java compiles, and at most. */
  private static final long LEAST = 300_000_000;

  private static final long MOST = 1_500_000_000;

  private static final int ROUNDS = 30;

  /** A newer half of rounds that is this much faster than the older: still being compiled. */
  private static final double FASTER = 0.97;

  /** What the least times of two runs may differ by where nothing else does. */
  private static final double NEAR = 1.05;

  private final LongSupplier clock;

  /**
   * @param clock nanoseconds
   */
  Race(LongSupplier clock) {
    this.clock = clock;
  }

  /** {@return the index of the fastest; of those too near to tell, the last} */
  int winner(List<? extends Entrant> entrants) {
    long wait = 0;
    for (var entrant : entrants) {
      if (entrant.rehearse()) {
        times(List.<Runnable>of(entrant::rehearse), LEAST);
        wait = LEAST;
      }
    }
    var least = Arrays.stream(times(entrants, wait)).mapToLong(Race::least).toArray();
    double best = least(least);
    int winner = least.length - 1;
    while (least[winner] > NEAR * best) {
      winner--;
    }
    return winner;
  }

  /** Nanoseconds of each in each round. */
  private long[][] times(List<? extends Runnable> entrants, long wait) {
    var times = new long[entrants.size()][0];
    long start = clock.getAsLong();
    for (int round = 0; ; round++) {
      for (int i = 0; i < times.length; i++) {
        times[i] = Arrays.copyOf(times[i], round + 1);
        long before = clock.getAsLong();
        entrants.get(i).run();
        times[i][round] = clock.getAsLong() - before;
      }
      long passed = clock.getAsLong() - start;
      if (passed > MOST || (passed > wait && round >= ROUNDS && settled(times))) {
        return times;
      }
    }
  }

  private static boolean settled(long[][] times) {
    for (var all : times) {
      int half = all.length / 2;
      long older = least(Arrays.copyOf(all, half));
      if (least(Arrays.copyOfRange(all, half, all.length)) < FASTER * older) {
        return false;
      }
    }
    return true;
  }

  private static long least(long[] times) {
    return Arrays.stream(times).min().getAsLong();
  }
}
