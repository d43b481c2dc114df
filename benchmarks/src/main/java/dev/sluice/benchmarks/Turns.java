package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Two sides timed in turns. A turn is a pause, one untimed round and a few timed ones; who begins
 * changes from turn to turn. The pause lets the other side's OpenMP threads fall asleep, which spin
 * for some milliseconds after their work and would take a core away.
 */
final class Turns {
  private static final long PAUSE_MILLIS = 200;
  private static final long WARMUP_NANOS = 2_000_000_000L;
  private static final int ROUNDS_A_TURN = 3;
  private static final int RESAMPLES = 2000;

  private final List<long[]> own = new ArrayList<>();
  private final List<long[]> others = new ArrayList<>();

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

  /** Warms both sides up, then lets them take turns. */
  Turns(Side own, Side other, int turns) throws InterruptedException {
    warm(own);
    warm(other);
    for (int turn = 0; turn < turns; turn++) {
      if (turn % 2 == 0) {
        this.own.add(turn(own));
        others.add(turn(other));
      } else {
        others.add(turn(other));
        this.own.add(turn(own));
      }
    }
  }

  private static void warm(Side side) throws InterruptedException {
    Thread.sleep(PAUSE_MILLIS);
    long end = System.nanoTime() + WARMUP_NANOS;
    while (System.nanoTime() < end) {
      side.run(1);
    }
  }

  private static long[] turn(Side side) throws InterruptedException {
    Thread.sleep(PAUSE_MILLIS);
    return Arrays.copyOfRange(side.run(1 + ROUNDS_A_TURN), 1, 1 + ROUNDS_A_TURN);
  }

  /**
   * Medians of all rounds, the other's over ours, and the interval that holds 95 % of the ratios of
   * turns drawn with replacement.
   *
   * @param scale nanoseconds in the unit of the medians
   * @param unit its name, part of theirs
   */
  Map<String, Object> report(double scale, String unit) {
    var all = new LinkedHashMap<String, Object>();
    all.put("rounds", own.size() * ROUNDS_A_TURN);
    all.put("sluice_" + unit, median(own) / scale);
    all.put("peer_" + unit, median(others) / scale);
    all.put("sluice_min_" + unit, flat(own)[0] / scale);
    all.put("peer_min_" + unit, flat(others)[0] / scale);
    all.put("ratio", median(others) / median(own));
    var ratios = resampled();
    all.put("ratio_low", ratios[RESAMPLES / 40]);
    all.put("ratio_high", ratios[RESAMPLES - 1 - RESAMPLES / 40]);
    return all;
  }

  private static long[] flat(List<long[]> turns) {
    return turns.stream().flatMapToLong(LongStream::of).sorted().toArray();
  }

  private static double median(List<long[]> turns) {
    var all = flat(turns);
    return (all[(all.length - 1) / 2] + all[all.length / 2]) / 2.0;
  }

  private double[] resampled() {
    var random = new SplittableRandom(1);
    var ratios = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      var a = new ArrayList<long[]>();
      var b = new ArrayList<long[]>();
      for (int turn = 0; turn < own.size(); turn++) {
        int drawn = random.nextInt(own.size());
        a.add(own.get(drawn));
        b.add(others.get(drawn));
      }
      ratios[i] = median(b) / median(a);
    }
    Arrays.sort(ratios);
    return ratios;
  }
}
