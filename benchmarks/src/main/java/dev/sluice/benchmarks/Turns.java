package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Sides timed in turns. In a turn each has a pause, one untimed round and a few timed ones; who
 * begins changes from turn to turn. The pause lets the others' OpenMP threads fall asleep, which
 * spin for some milliseconds after their work and would take a core away.
 */
final class Turns {
  static final int ROUNDS_A_TURN = 3;
  private static final long PAUSE_MILLIS = 200;
  private static final int RESAMPLES = 2000;

  /** By side, then by turn: nanoseconds of each round. */
  private final List<List<long[]>> nanos = new ArrayList<>();

  /** One side. */
  @FunctionalInterface
  interface Side {
    /**
     * {@return nanoseconds of each round}
     *
     * @param rounds how many
     */
    long[] run(int rounds);

    /** A side in this process. */
    static Side of(Runnable round) {
      return rounds -> {
        var nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
          long start = System.nanoTime();
          round.run();
          nanos[i] = System.nanoTime() - start;
        }
        return nanos;
      };
    }
  }

  /**
   * Warms all sides up, then lets them take turns.
   *
   * @param sides the first is the one that the others are compared with
   * @param turns of each
   * @param warmUpMillis of each
   */
  Turns(List<Side> sides, int turns, long warmUpMillis) throws InterruptedException {
    for (var side : sides) {
      nanos.add(new ArrayList<>());
      warm(side, warmUpMillis);
    }
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < sides.size(); i++) {
        int who = (turn + i) % sides.size();
        nanos.get(who).add(turn(sides.get(who)));
      }
    }
  }

  private static void warm(Side side, long millis) throws InterruptedException {
    Thread.sleep(PAUSE_MILLIS);
    long end = System.nanoTime() + millis * 1_000_000;
    do {
      side.run(1);
    } while (System.nanoTime() < end);
  }

  private static long[] turn(Side side) throws InterruptedException {
    Thread.sleep(PAUSE_MILLIS);
    return Arrays.copyOfRange(side.run(1 + ROUNDS_A_TURN), 1, 1 + ROUNDS_A_TURN);
  }

  /** Timed rounds of each side. */
  int rounds() {
    return nanos.getFirst().size() * ROUNDS_A_TURN;
  }

  /** Nanoseconds of a side's median round. */
  double median(int side) {
    return median(nanos.get(side));
  }

  /** Nanoseconds of a side's fastest round. */
  long fastest(int side) {
    return sorted(nanos.get(side))[0];
  }

  /** A quotient of medians with the ends of its 95 % interval. */
  record Ratio(double value, double low, double high) {
    Ratio inverse() {
      return new Ratio(1 / value, 1 / high, 1 / low);
    }

    /** Its numbers by name. */
    Map<String, Object> json() {
      var all = new LinkedHashMap<String, Object>();
      all.put("ratio", value);
      all.put("low", low);
      all.put("high", high);
      return all;
    }

    @Override
    public String toString() {
      return "%.2f (%.2f to %.2f)".formatted(value, low, high);
    }
  }

  /**
   * A side's median over the first one's, and the interval that holds 95 % of the ratios of turns
   * drawn with replacement.
   */
  Ratio ratio(int side) {
    var first = nanos.getFirst();
    var other = nanos.get(side);
    var random = new SplittableRandom(1);
    var ratios = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      var a = new ArrayList<long[]>();
      var b = new ArrayList<long[]>();
      for (int turn = 0; turn < first.size(); turn++) {
        int drawn = random.nextInt(first.size());
        a.add(first.get(drawn));
        b.add(other.get(drawn));
      }
      ratios[i] = median(b) / median(a);
    }
    Arrays.sort(ratios);
    return new Ratio(
        median(other) / median(first),
        ratios[RESAMPLES / 40],
        ratios[RESAMPLES - 1 - RESAMPLES / 40]);
  }

  private static long[] sorted(List<long[]> turns) {
    return turns.stream().flatMapToLong(LongStream::of).sorted().toArray();
  }

  private static double median(List<long[]> turns) {
    var all = sorted(turns);
    return (all[(all.length - 1) / 2] + all[all.length / 2]) / 2.0;
  }
}
