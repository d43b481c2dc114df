package dev.sluice.nn;

import dev.sluice.Shape;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Draws a configuration: everything smallest in trial 0, everything largest in trial 1, random from
 * then on. Numbers are floats, so that they are the same in every type.
 */
final class Dice {
  private static final int[] SMALL_UNITS = {1, 2, 3, 5, 6};
  private static final int[] LARGE_UNITS = {1, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 64};
  private static final int[] SMALL_CHANNELS = {1, 2, 3};
  private static final int[] LARGE_CHANNELS = {1, 2, 3, 8, 15, 16, 17};

  private final SplittableRandom random;
  private final int trial;
  private final boolean large;

  /**
   * Starts a trial.
   *
   * @param seed of the test
   * @param row of the table
   * @param large whether widths shall meet the tails and blocks of vectors
   */
  Dice(long seed, String row, int trial, boolean large) {
    this.random = new SplittableRandom(seed + 31L * row.hashCode() + 1_000_003L * trial);
    this.trial = trial;
    this.large = large;
  }

  int size(int from, int to) {
    return trial == 0 ? from : trial == 1 ? to : random.nextInt(from, to + 1);
  }

  /** Units of a recurrent network. */
  int units() {
    return one(large ? LARGE_UNITS : SMALL_UNITS);
  }

  /** Channels of frames. */
  int channels() {
    return one(large ? LARGE_CHANNELS : SMALL_CHANNELS);
  }

  private int one(int[] values) {
    return values[size(0, values.length - 1)];
  }

  boolean coin() {
    return size(0, 1) == 1;
  }

  @SafeVarargs
  final <T> T one(T... values) {
    return values[size(0, values.length - 1)];
  }

  /** Lengths of sequences, 0 to T. */
  int[] lengths(int batch, int steps) {
    return IntStream.range(0, batch).map(_ -> random.nextInt(steps + 1)).toArray();
  }

  /** Numbers of -bound to bound. */
  double[] numbers(long count, double bound) {
    return random.doubles(count, -bound, bound).map(v -> (float) v).toArray();
  }

  Net.Input input(Shape shape) {
    return new Net.Input(shape, numbers(shape.elements(), 1), true);
  }

  /** Gives every parameter numbers of its own, also those that start at zero. */
  <L extends Layer> L filled(L layer) {
    for (var parameter : layer.parameters()) {
      var shape = parameter.value().shape();
      double fan = Math.max(4.0, (double) shape.elements() / shape.dim(0));
      parameter.value().set(numbers(shape.elements(), 1.5 / Math.sqrt(fan)));
      parameter.changed();
    }
    return layer;
  }
}
