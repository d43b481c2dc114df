package dev.sluice.train;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Reverse scheduled sampling of PredRNN-V2 (Wang 2022), with the official code's schedule: while
 * the given frames are read, the model is shown its own predictions first and the truth more and
 * more; in the forecast the other way round.
 *
 * @param first s1, where both begin to change; 25 000 in the official code
 * @param second s2, where both have ended; 50 000 there
 * @param alpha how fast the first one changes; 5 000 there
 */
public record ReverseSampling(long first, long second, double alpha) {
  /** The numbers of the official code. */
  public static final ReverseSampling OFFICIAL = new ReverseSampling(25_000, 50_000, 5_000);

  /** Checks the numbers. */
  public ReverseSampling {
    if (first < 0 || second <= first || !(alpha > 0)) {
      throw new IllegalArgumentException(
          "reverse sampling: expected 0 <= s1 < s2 and alpha > 0, got "
              + first
              + ", "
              + second
              + ", "
              + alpha);
    }
  }

  /**
   * {@return the probability of a true frame among the given ones: 1/2, 1 - e^(-(i - s1) / alpha) /
   * 2, 1}
   *
   * @param i the iteration
   */
  public double given(long i) {
    if (i < first) {
      return 0.5;
    }
    return i < second ? 1 - 0.5 * StrictMath.exp(-(i - first) / alpha) : 1;
  }

  /**
   * {@return the probability of a true frame in the forecast: 1/2, 1/2 - (i - s1) / (s2 - s1) / 2,
   * 0}
   *
   * @param i the iteration
   */
  public double forecast(long i) {
    if (i < first) {
      return 0.5;
    }
    return i < second ? 0.5 - 0.5 * (i - first) / (second - first) : 0;
  }

  /**
   * {@return [T - 2, N] of 0 and 1: whether each of N sequences is shown the true frame at steps 1
   * to T - 2; step 0 always is}
   *
   * @param i the iteration
   * @param frames T, in all
   * @param seen S, how many of them are given
   * @param batch N
   * @param random draws
   */
  public float[] mask(long i, int frames, int seen, int batch, RandomGenerator random) {
    if (seen < 1 || frames < seen + 1) {
      throw new IllegalArgumentException(
          "reverse sampling: expected 1 or more frames seen and more in all, got "
              + seen
              + " of "
              + frames);
    }
    var mask = new float[(frames - 2) * batch];
    for (int at = 0; at < mask.length; at++) {
      double p = at / batch < seen - 1 ? given(i) : forecast(i);
      mask[at] = random.nextDouble() < p ? 1 : 0;
    }
    return mask;
  }

  /**
   * {@return [T - 2, N]: the mask of a test, 1 for the frames that are given, 0 for the forecast}
   *
   * @param frames T, in all
   * @param seen S, how many of them are given
   * @param batch N
   */
  public static float[] testMask(int frames, int seen, int batch) {
    var mask = new float[(frames - 2) * batch];
    Arrays.fill(mask, 0, (seen - 1) * batch, 1);
    return mask;
  }
}
