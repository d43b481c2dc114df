package dev.sluice.train;

import dev.sluice.Shape;
import java.util.Arrays;

/**
 * Scores a forecast of video frames batch by batch, beside two forecasts that know nothing:
 * repeating the last frame seen, and the mean training image.
 *
 * {@snippet :
 * var scores = new FrameScores(Shape.of(10, 1, 64, 64), meanImage);
 * scores.add(predicted, truth, last, 8); // [10, 8, 1, 64, 64] twice and [8, 1, 64, 64]
 * System.out.println(scores.result().mse());
 * }
 *
 * <p>Not safe for use by several threads at once.
 */
public final class FrameScores {
  // A frame that equals its truth would have infinitely many.
  private static final double MOST_DECIBELS = 100;

  private final Shape frames;
  private final int steps;
  private final int pixels;
  private final FramePairs pair;
  private final float[] meanImage;
  private final Ssim ssim = Ssim.uniform7(1);
  private final Sums model;
  private final Sums lastFrame;
  private final Sums constant;
  private double absolute;
  private double similarity;
  private double decibels;
  private long sequences;

  /**
   * Starts with no sequence.
   *
   * @param frames {@code [T, C, H, W]} of one predicted sequence; H and W at least 7
   * @param meanImage {@code [C, H, W]} the mean training image; not copied
   */
  public FrameScores(Shape frames, float[] meanImage) {
    if (frames.rank() != 4 || frames.elements() == 0 || frames.dim(2) < 7 || frames.dim(3) < 7) {
      throw new IllegalArgumentException(
          "FrameScores: expected frames [T, C, H, W] of 7x7 pixels or more, got " + frames);
    }
    this.frames = frames;
    steps = frames.size(0);
    pixels = Math.toIntExact(frames.elements() / steps);
    pair = new FramePairs(new float[pixels], new float[pixels], frames.inner().outer(1).outer(1));
    if (meanImage.length != pixels) {
      throw new IllegalArgumentException(
          "FrameScores: expected a mean image of %d values for %s, got %d"
              .formatted(pixels, frames.inner(), meanImage.length));
    }
    this.meanImage = meanImage;
    model = new Sums(steps, pixels);
    lastFrame = new Sums(steps, pixels);
    constant = new Sums(steps, pixels);
  }

  /**
   * Adds a batch.
   *
   * @param pred {@code [T, N, C, H, W]} the prediction
   * @param truth {@code [T, N, C, H, W]} what came
   * @param last {@code [N, C, H, W]} the last frame seen
   * @param n sequences, N; the arrays may be longer than that takes
   */
  public void add(float[] pred, float[] truth, float[] last, int n) {
    long frame = (long) n * pixels;
    if (n < 1 || pred.length < frame * steps || truth.length < frame * steps) {
      throw new IllegalArgumentException(
          "FrameScores.add: expected %d sequences of %s, got %d predicted and %d true values"
              .formatted(n, frames, pred.length, truth.length));
    }
    if (last.length < frame) {
      throw new IllegalArgumentException(
          "FrameScores.add: expected %d last frames of %s, got %d values"
              .formatted(n, frames.inner(), last.length));
    }
    for (int f = 0; f < steps * n; f++) {
      int at = f * pixels;
      int t = f / n;
      compare(pred, truth, at);
      model.add(t, pred, at, truth, at);
      lastFrame.add(t, last, f % n * pixels, truth, at);
      constant.add(t, meanImage, 0, truth, at);
    }
    sequences += n;
  }

  private void compare(float[] pred, float[] truth, int at) {
    System.arraycopy(pred, at, pair.pred(), 0, pixels);
    System.arraycopy(truth, at, pair.truth(), 0, pixels);
    absolute += pair.absolute(0) / pixels;
    clip(pair.pred());
    clip(pair.truth());
    decibels += Math.min(MOST_DECIBELS, pair.psnr(0, 1));
    similarity += pair.ssim(0, ssim);
  }

  private static void clip(float[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.clamp(x[i], 0f, 1f);
    }
  }

  /**
   * {@return the scores of all sequences so far}
   *
   * @throws IllegalStateException if there were none
   */
  public ForecastScores result() {
    if (sequences == 0) {
      throw new IllegalStateException(
          "FrameScores.result: expected at least 1 sequence before it, got 0");
    }
    double scored = (double) sequences * steps;
    return new ForecastScores(
        sequences,
        absolute / scored,
        similarity / scored,
        decibels / scored,
        model.curve(sequences),
        lastFrame.curve(sequences),
        constant.curve(sequences));
  }

  /** Squared error a pixel and correlation of one forecast, summed over sequences, a step each. */
  private record Sums(double[] squared, double[] correlation, int pixels) {
    Sums(int steps, int pixels) {
      this(new double[steps], new double[steps], pixels);
    }

    void add(int t, float[] pred, int predAt, float[] truth, int truthAt) {
      double sum = 0;
      for (int i = 0; i < pixels; i++) {
        double d = (double) pred[predAt + i] - truth[truthAt + i];
        sum += d * d;
      }
      squared[t] += sum / pixels;
      correlation[t] += Correlation.of(pred, predAt, truth, truthAt, pixels);
    }

    ForecastScores.Curve curve(long sequences) {
      return new ForecastScores.Curve(mean(squared, sequences), mean(correlation, sequences));
    }

    private static double[] mean(double[] sums, long sequences) {
      return Arrays.stream(sums).map(sum -> sum / sequences).toArray();
    }
  }
}
