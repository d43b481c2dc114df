package dev.sluice.cli.pictures;

import java.util.Objects;

/**
 * One sequence to draw: frames that were seen, frames that were predicted, and, where it is known,
 * what really came. Values are grey levels, 0 black to 1 white; others are cut to that.
 *
 * @param height of a frame in pixels
 * @param width of a frame in pixels
 * @param seen {@code [S, height, width]}, S at least 1; not copied
 * @param truth {@code [T, height, width]}, or empty if nobody knows; not copied
 * @param predicted {@code [T, height, width]}, T at least 1; not copied
 */
public record Clip(int height, int width, float[] seen, float[] truth, float[] predicted) {
  /** Checks that all are whole frames and that truth and prediction are equally long. */
  public Clip {
    Objects.requireNonNull(truth, "truth; give an empty array if it is unknown");
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "Clip: expected frames of 1x1 pixels or more, got %dx%d".formatted(height, width));
    }
    check("seen", seen.length, height, width);
    check("predicted", predicted.length, height, width);
    if (truth.length != 0 && truth.length != predicted.length) {
      throw new IllegalArgumentException(
          "Clip: expected %d values of truth, as many as predicted, or none, got %d"
              .formatted(predicted.length, truth.length));
    }
  }

  private static void check(String what, int values, int height, int width) {
    if (values == 0 || values % ((long) height * width) != 0) {
      throw new IllegalArgumentException(
          "Clip: expected %s to be 1 or more whole frames of %dx%d, got %d values"
              .formatted(what, height, width, values));
    }
  }

  /**
   * {@return {@code [T, height, width]}: one sequence of a time-major batch}
   *
   * @param batch {@code [T, N, height, width]}
   * @param from the first step to take
   * @param to the step after the last one to take
   * @param n sequences in the batch, N
   * @param index of the sequence to take
   * @param pixels height times width
   */
  public static float[] pick(float[] batch, int from, int to, int n, int index, int pixels) {
    var one = new float[(to - from) * pixels];
    for (int t = from; t < to; t++) {
      System.arraycopy(batch, (t * n + index) * pixels, one, (t - from) * pixels, pixels);
    }
    return one;
  }

  int seenFrames() {
    return seen.length / (height * width);
  }

  int predictedFrames() {
    return predicted.length / (height * width);
  }

  boolean truthKnown() {
    return truth.length != 0;
  }

  /** {@return {@code [T, height, width]}: predicted minus true grey level, -1 to 1} */
  float[] difference() {
    var difference = new float[truth.length];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = Math.clamp(predicted[i], 0f, 1f) - Math.clamp(truth[i], 0f, 1f);
    }
    return difference;
  }
}
