package dev.sluice.train;

import dev.sluice.Shape;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * How far predicted frames are from the true ones, in each of the conventions of the field; numbers
 * of different conventions cannot be compared.
 *
 * <p>OpenSTL averages over sequences and frames, but <em>sums</em> over the pixels of a frame;
 * PredRNN's own evaluation cuts to 0..1 first and sums over the frames of a sequence too. "Cut" is
 * to 0..1, of prediction and truth alike.
 */
public enum VideoMetric {
  /** OpenSTL's MSE: squared error summed over C, H, W, mean over N, T; not cut. */
  MSE_OPENSTL_SUM_PIXELS(p -> scalar(p.mean(p::squared))),
  /** OpenSTL's MAE: absolute error summed over C, H, W, mean over N, T; not cut. */
  MAE_OPENSTL_SUM_PIXELS(p -> scalar(p.mean(p::absolute))),
  /** Squared error, mean over everything; not cut. */
  MSE_MEAN(p -> scalar(p.mean(p::squared) / p.pixels())),
  /** Absolute error, mean over everything; not cut. */
  MAE_MEAN(p -> scalar(p.mean(p::absolute) / p.pixels())),
  /**
   * OpenSTL's MSE with {@code spatial_norm}: divided by C H W, so the same as {@link #MSE_MEAN}.
   */
  MSE_OPENSTL_SPATIAL_NORM(p -> scalar(p.mean(p::squared) / p.pixels())),
  /** OpenSTL's RMSE: the root of {@link #MSE_OPENSTL_SUM_PIXELS}. */
  RMSE_OPENSTL(p -> scalar(Math.sqrt(p.mean(p::squared)))),
  /** PredRNN's MSE of each frame, {@code [T]}: cut, summed over C, H, W, mean over N. */
  MSE_PREDRNN_PER_FRAME_CLIPPED(p -> perFrame(p.clipped())),
  /** PredRNN's MSE of a sequence: {@link #MSE_PREDRNN_PER_FRAME_CLIPPED} summed over T. */
  MSE_PREDRNN_PER_SEQ_CLIPPED(p -> scalar(Arrays.stream(perFrame(p.clipped())).sum())),
  /** OpenSTL's PSNR in dB: cut, {@code -10 log10(mse)} of each frame, mean over frames. */
  PSNR_OPENSTL_MEAN_OF_FRAMES(p -> scalar(psnr(p.clipped(), 1))),
  /** SSIM: cut, 7x7 uniform window, sample covariance, R = 1; mean over frames and channels. */
  SSIM_UNIFORM7_RANGE1(p -> scalar(ssim(p.clipped(), Ssim.uniform7(1)))),
  /** The same with R = 2, as OpenSTL's call gives it under scikit-image 0.19.3 and older. */
  SSIM_UNIFORM7_RANGE2(p -> scalar(ssim(p.clipped(), Ssim.uniform7(2)))),
  /** SSIM of the 2004 paper: cut, 11x11 Gaussian window, biased covariance, R = 1. */
  SSIM_GAUSS11_RANGE1(p -> scalar(ssim(p.clipped(), Ssim.gauss11(1)))),
  /** PredRNN's SSIM: cut, bytes (x 255, truncated), 7x7 uniform, sample covariance, R = 255. */
  SSIM_UNIFORM7_UINT8(p -> scalar(ssim(p.bytes(), Ssim.uniform7(255)))),
  /** PredRNN's PSNR in dB: cut, bytes (x 255, truncated), peak 255, mean over frames. */
  PSNR_PREDRNN_UINT8(p -> scalar(psnr(p.bytes(), 255)));

  private final Function<FramePairs, double[]> value;

  VideoMetric(Function<FramePairs, double[]> value) {
    this.value = value;
  }

  private static double[] scalar(double value) {
    return new double[] {value};
  }

  private static double[] perFrame(FramePairs p) {
    return p.perStep(p::squared);
  }

  private static double psnr(FramePairs p, double peak) {
    return p.mean(frame -> p.psnr(frame, peak));
  }

  private static double ssim(FramePairs p, Ssim ssim) {
    return p.mean(frame -> p.ssim(frame, ssim));
  }

  /** {@return the metric's name in files, such as {@code mse_mean}} */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * {@return the metric of a name, if there is one}
   *
   * @param key as {@link #key} gives it
   */
  public static Optional<VideoMetric> of(String key) {
    return Arrays.stream(values()).filter(metric -> metric.key().equals(key)).findFirst();
  }

  /**
   * {@return the metric: one number, or one a frame where it says so}
   *
   * @param pred {@code [N, T, C, H, W]} the prediction
   * @param truth {@code [N, T, C, H, W]} what came
   * @param shape of both; for SSIM H and W must be at least the window's side
   */
  public double[] compute(float[] pred, float[] truth, Shape shape) {
    return value.apply(new FramePairs(pred, truth, shape));
  }
}
