package dev.sluice.train;

import dev.sluice.Shape;
import java.util.function.IntToDoubleFunction;

/**
 * Predicted frames beside true ones, both {@code [N, T, C, H, W]}.
 *
 * @param pred the prediction
 * @param truth what came
 * @param shape {@code [N, T, C, H, W]}
 */
record FramePairs(float[] pred, float[] truth, Shape shape) {
  FramePairs {
    if (shape.rank() != 5 || shape.elements() == 0) {
      throw new IllegalArgumentException(
          "video metric: expected frames [N, T, C, H, W], got " + shape);
    }
    if (pred.length != shape.elements() || truth.length != shape.elements()) {
      throw new IllegalArgumentException(
          "video metric: expected %d values for %s, got %d predicted and %d true ones"
              .formatted(shape.elements(), shape, pred.length, truth.length));
    }
  }

  /** {@return C H W} */
  int pixels() {
    return shape.size(2) * shape.size(3) * shape.size(4);
  }

  /** {@return both cut to 0..1} */
  FramePairs clipped() {
    return new FramePairs(clipped(pred), clipped(truth), shape);
  }

  private static float[] clipped(float[] x) {
    var y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = Math.clamp(x[i], 0f, 1f);
    }
    return y;
  }

  /** {@return both cut to 0..1, times 255, truncated: whole numbers 0..255} */
  FramePairs bytes() {
    return new FramePairs(bytes(pred), bytes(truth), shape);
  }

  private static float[] bytes(float[] x) {
    float[] y = clipped(x);
    for (int i = 0; i < y.length; i++) {
      y[i] = (int) (y[i] * 255f);
    }
    return y;
  }

  /** {@return the squared error of frame {@code n T + t}, summed over C, H, W} */
  double squared(int frame) {
    double sum = 0;
    for (int i = frame * pixels(), end = i + pixels(); i < end; i++) {
      double d = (double) pred[i] - truth[i];
      sum += d * d;
    }
    return sum;
  }

  /** {@return the absolute error of a frame, summed over C, H, W} */
  double absolute(int frame) {
    double sum = 0;
    for (int i = frame * pixels(), end = i + pixels(); i < end; i++) {
      sum += Math.abs((double) pred[i] - truth[i]);
    }
    return sum;
  }

  /** {@return {@code 10 log10(peak^2 / mse)} of a frame; infinite if it equals its truth} */
  double psnr(int frame, double peak) {
    return 10 * Math.log10(peak * peak * pixels() / squared(frame));
  }

  /** {@return the SSIM of a frame, the mean over C} */
  double ssim(int frame, Ssim ssim) {
    int map = shape.size(3) * shape.size(4);
    double sum = 0;
    for (int c = 0; c < shape.size(2); c++) {
      int at = frame * pixels() + c * map;
      sum += ssim.of(pred, at, truth, at, shape.size(3), shape.size(4));
    }
    return sum / shape.size(2);
  }

  /** {@return the mean over all N T frames} */
  double mean(IntToDoubleFunction frame) {
    int frames = shape.size(0) * shape.size(1);
    double sum = 0;
    for (int f = 0; f < frames; f++) {
      sum += frame.applyAsDouble(f);
    }
    return sum / frames;
  }

  /** {@return {@code [T]}: the mean over N at each step} */
  double[] perStep(IntToDoubleFunction frame) {
    int n = shape.size(0);
    int t = shape.size(1);
    var means = new double[t];
    for (int f = 0; f < n * t; f++) {
      means[f % t] += frame.applyAsDouble(f) / n;
    }
    return means;
  }
}
