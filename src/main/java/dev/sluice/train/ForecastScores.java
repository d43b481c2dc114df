package dev.sluice.train;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How good a forecast of T frames was over all sequences, beside the last frame repeated and the
 * mean training image. {@link #CONVENTIONS} says what each number means exactly.
 *
 * @param sequences scored
 * @param mae mean absolute error a pixel
 * @param ssim structural similarity, 1 at best
 * @param psnr peak signal-to-noise ratio in dB
 * @param model the forecast's error and correlation, frame by frame
 * @param lastFrame the same of the last frame seen, repeated
 * @param meanImage the same of the mean training image
 */
public record ForecastScores(
    long sequences,
    double mae,
    double ssim,
    double psnr,
    Curve model,
    Curve lastFrame,
    Curve meanImage) {

  /** What the numbers of {@link #toMap} mean, by their names. */
  public static final Map<String, String> CONVENTIONS = conventions();

  /**
   * One forecast, frame by frame.
   *
   * @param mse {@code [T]} mean squared error a pixel
   * @param correlation {@code [T]} with the truth
   */
  public record Curve(double[] mse, double[] correlation) {
    /**
     * {@return the mean squared error a pixel over the first frames}
     *
     * @param frames how many, 1 to T
     */
    public double mse(int frames) {
      if (frames < 1 || frames > mse.length) {
        throw new IllegalArgumentException(
            "ForecastScores: expected 1 to %d frames, got %d".formatted(mse.length, frames));
      }
      return Arrays.stream(mse, 0, frames).average().orElseThrow();
    }
  }

  /** {@return T, the frames of a forecast} */
  public int frames() {
    return model.mse().length;
  }

  /** {@return the forecast's mean squared error a pixel, over all frames} */
  public double mse() {
    return model.mse(frames());
  }

  /**
   * {@return the forecast's squared error over that of the mean training image; below 1 is better}
   *
   * @param frames how many to compare, the first 1 to T
   */
  public double overMeanImage(int frames) {
    return model.mse(frames) / meanImage.mse(frames);
  }

  /** {@return the scores by their names in metrics.json: numbers, lists of numbers, strings} */
  public Map<String, Object> toMap() {
    var perFrame = new LinkedHashMap<String, Object>();
    perFrame.put("mse", list(model.mse()));
    perFrame.put("mse_last_frame", list(lastFrame.mse()));
    perFrame.put("mse_mean_image", list(meanImage.mse()));
    perFrame.put("correlation", list(model.correlation()));
    perFrame.put("correlation_last_frame", list(lastFrame.correlation()));
    perFrame.put("correlation_mean_image", list(meanImage.correlation()));
    var all = new LinkedHashMap<String, Object>();
    all.put("mse", mse());
    all.put("mae", mae);
    all.put("ssim", ssim);
    all.put("psnr", psnr);
    all.put("mse_last_frame", lastFrame.mse(frames()));
    all.put("mse_mean_image", meanImage.mse(frames()));
    all.put("per_frame", perFrame);
    all.put("sequences", sequences);
    all.put("conventions", CONVENTIONS);
    return all;
  }

  private static List<Double> list(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static Map<String, String> conventions() {
    var map = new LinkedHashMap<String, String>();
    map.put(
        "mse",
        "squared error a pixel, mean over all pixels of all frames of all sequences, values not cut"
            + " to 0..1; OpenSTL's number is this times channels x height x width (mse_mean)");
    map.put("mae", "absolute error, the same means (mae_mean)");
    map.put(
        "ssim",
        "cut to 0..1, 7x7 uniform window, sample covariance, range 1, mean over frames"
            + " (ssim_uniform7_range1)");
    map.put(
        "psnr",
        "dB, cut to 0..1, -10 log10(mse) of each frame, at most 100, mean over frames"
            + " (psnr_openstl_mean_of_frames)");
    map.put("mse_last_frame", "mse of the last frame seen, repeated");
    map.put("mse_mean_image", "mse of the mean training image, the same for every frame");
    map.put(
        "correlation",
        "Pearson's over the pixels of a frame and its truth (0 if either is all one value), mean"
            + " over sequences");
    return Collections.unmodifiableMap(map);
  }
}
