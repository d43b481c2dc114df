package dev.sluice.data;

import java.util.Objects;

/**
 * x: [T, N, 2] to y: [N, 1]: the adding problem (Hochreiter and Schmidhuber 1997, in the form of Le
 * 2015). The first channel is uniform in 0 to 1; the second is 1 at two steps, one in each half of
 * the sequence, and 0 elsewhere; y is the sum of the two values marked.
 *
 * <p>Whoever always says 1 has an error of 1/6, the variance of y. Example {@code index} depends on
 * the fields and on the index alone, and there is no end to them.
 *
 * @param split training and test examples differ
 * @param seed of everything random
 * @param steps T, 2 to 65,536
 */
public record AddingProblem(Split split, long seed, int steps) {
  /** Checks the length. */
  public AddingProblem {
    Objects.requireNonNull(split, "split");
    if (steps < 2 || steps > 1 << 16) {
      throw new IllegalArgumentException("adding problem: expected 2 to 65536 steps, got " + steps);
    }
  }

  /**
   * Makes examples {@code first} to {@code first + N - 1}.
   *
   * @param first index, 0 or more
   * @param x [T, N, 2], overwritten
   * @param y [N, 1], overwritten; says how many
   */
  public void batch(long first, float[] x, float[] y) {
    int n = y.length;
    if (first < 0 || n < 1 || x.length != 2L * steps * n) {
      throw new IllegalArgumentException(
          ("adding problem: expected an index of 0 or more and room for x [%d, %d, 2], got %d and"
                  + " %d floats")
              .formatted(steps, n, first, x.length));
    }
    for (int i = 0; i < n; i++) {
      var random = new SplitMix(seed, split.ordinal(), first + i);
      int early = random.below(steps / 2);
      int late = steps / 2 + random.below(steps - steps / 2);
      for (int t = 0; t < steps; t++) {
        int at = (t * n + i) * 2;
        x[at] = (float) random.unit();
        x[at + 1] = t == early || t == late ? 1 : 0;
      }
      y[i] = x[(early * n + i) * 2] + x[(late * n + i) * 2];
    }
  }

  /**
   * {@return the variance of targets: the error of their own mean}
   *
   * @param y of a test set
   */
  public static double variance(float[] y) {
    double sum = 0;
    double squares = 0;
    for (float value : y) {
      sum += value;
      squares += (double) value * value;
    }
    return squares / y.length - sum / y.length * (sum / y.length);
  }
}
