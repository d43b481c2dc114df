package dev.sluice.train;

import java.util.random.RandomGenerator;

/**
 * How likely a model is shown the true frame, and not its own, at an iteration of the training
 * (Bengio 2015).
 */
@FunctionalInterface
public interface ScheduledSampling {
  /**
   * {@return the probability of the true frame}
   *
   * @param iteration of the training
   */
  double probability(long iteration);

  /**
   * {@return max(least, first - slope i)}
   *
   * @param first the probability at the start
   * @param slope what an iteration takes off
   * @param least what it does not fall below
   */
  static ScheduledSampling linear(double first, double slope, double least) {
    return i -> Math.max(least, first - slope * i);
  }

  /**
   * {@return k^i}
   *
   * @param k 0 to below 1
   */
  static ScheduledSampling exponential(double k) {
    if (!(k >= 0 && k < 1)) {
      throw new IllegalArgumentException(
          "scheduled sampling: expected k of 0 to below 1, got " + k);
    }
    return i -> StrictMath.pow(k, i);
  }

  /**
   * {@return k / (k + e^(i / k))}
   *
   * @param k at least 1
   */
  static ScheduledSampling inverseSigmoid(double k) {
    if (!(k >= 1)) {
      throw new IllegalArgumentException("scheduled sampling: expected k >= 1, got " + k);
    }
    return i -> k / (k + StrictMath.exp(i / k));
  }

  /**
   * {@return the schedule of the official PredRNN: 1 - slope i before the stop, 0 from it on} The
   * official code takes the slope off before it uses the number, so the first iteration, 1, has 1 -
   * slope.
   *
   * @param slope 2e-5 in the official code
   * @param stop 50 000 there
   */
  static ScheduledSampling predRnn(double slope, long stop) {
    return i -> i < stop ? 1 - slope * i : 0;
  }

  /**
   * {@return [K, N] of 0 and 1: whether each of N sequences is shown the true frame at each of K
   * steps}
   *
   * @param iteration of the training
   * @param steps K; with T frames of which S are given, T - S - 1 in PredRNN
   * @param batch N
   * @param random draws
   */
  default float[] mask(long iteration, int steps, int batch, RandomGenerator random) {
    return mask(probability(iteration), steps, batch, random);
  }

  /**
   * {@return [K, N] of 0 and 1, 1 with a probability}
   *
   * @param probability of the true frame
   * @param steps K
   * @param batch N
   * @param random draws
   */
  static float[] mask(double probability, int steps, int batch, RandomGenerator random) {
    var mask = new float[steps * batch];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = random.nextDouble() < probability ? 1 : 0;
    }
    return mask;
  }
}
