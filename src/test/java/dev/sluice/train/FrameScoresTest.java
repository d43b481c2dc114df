package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameScoresTest {
  private static final Shape FRAMES = Shape.of(2, 1, 8, 8);
  private static final int P = 64;

  @Test
  void agreesWithTheVideoMetricsThatItNames() {
    float[] pred = noise(1, 2 * 3 * P, 1.4f);
    float[] truth = noise(2, 2 * 3 * P, 1);
    var scores = new FrameScores(FRAMES, new float[P]);
    scores.add(pred, truth, new float[3 * P], 3);
    ForecastScores result = scores.result();
    Shape shape = Shape.of(3, 2, 1, 8, 8);
    float[] p = batchMajor(pred);
    float[] t = batchMajor(truth);
    assertEquals(VideoMetric.MSE_MEAN.compute(p, t, shape)[0], result.mse(), 1e-12);
    assertEquals(VideoMetric.MAE_MEAN.compute(p, t, shape)[0], result.mae(), 1e-12);
    assertEquals(VideoMetric.SSIM_UNIFORM7_RANGE1.compute(p, t, shape)[0], result.ssim(), 1e-12);
    assertEquals(
        VideoMetric.PSNR_OPENSTL_MEAN_OF_FRAMES.compute(p, t, shape)[0], result.psnr(), 1e-12);
  }

  @Test
  void batchesAddUp() {
    float[] pred = noise(1, 2 * 3 * P, 1);
    float[] truth = noise(2, 2 * 3 * P, 1);
    float[] last = noise(3, 3 * P, 1);
    float[] mean = noise(4, P, 1);
    var whole = new FrameScores(FRAMES, mean);
    whole.add(pred, truth, last, 3);
    var parts = new FrameScores(FRAMES, mean);
    for (int n = 0; n < 3; n++) {
      parts.add(one(pred, n), one(truth, n), Arrays.copyOfRange(last, n * P, n * P + P), 1);
    }
    ForecastScores a = whole.result();
    ForecastScores b = parts.result();
    assertEquals(3, b.sequences());
    assertEquals(a.ssim(), b.ssim(), 1e-12);
    assertArrayEquals(a.model().mse(), b.model().mse(), 1e-12);
    assertArrayEquals(a.lastFrame().mse(), b.lastFrame().mse(), 1e-12);
    assertArrayEquals(a.meanImage().correlation(), b.meanImage().correlation(), 1e-12);
  }

  @Test
  void errorsAndCorrelationsAreKeptFrameByFrame() {
    var pred = new float[2 * P];
    var truth = new float[2 * P];
    for (int p = 0; p < P; p++) {
      truth[p] = p % 2;
      truth[P + p] = p % 2;
      pred[p] = p % 2 * 0.5f; // the same picture, half as bright
      pred[P + p] = 1 - p % 2; // its negative
    }
    var scores = new FrameScores(FRAMES, new float[P]);
    scores.add(pred, truth, Arrays.copyOf(truth, P), 1);
    ForecastScores result = scores.result();
    assertArrayEquals(new double[] {0.125, 1}, result.model().mse(), 1e-12);
    assertArrayEquals(new double[] {1, -1}, result.model().correlation(), 1e-12);
    assertArrayEquals(new double[] {0, 0}, result.lastFrame().mse(), 1e-12);
    assertArrayEquals(new double[] {0.5, 0.5}, result.meanImage().mse(), 1e-12);
    assertArrayEquals(new double[] {0, 0}, result.meanImage().correlation());
    assertEquals(0.25, result.overMeanImage(1), 1e-12);
    assertEquals(1.125, result.overMeanImage(2), 1e-12);
  }

  @Test
  void aPerfectFrameHasAHundredDecibels() {
    var scores = new FrameScores(FRAMES, new float[P]);
    float[] truth = noise(1, 2 * P, 1);
    scores.add(truth, truth, new float[P], 1);
    assertEquals(100, scores.result().psnr());
    assertEquals(1, scores.result().ssim(), 1e-12);
  }

  @Test
  void aBrokenPredictionStaysVisible() {
    var pred = new float[2 * P];
    Arrays.fill(pred, Float.NaN);
    var scores = new FrameScores(FRAMES, new float[P]);
    scores.add(pred, new float[2 * P], new float[P], 1);
    assertTrue(Double.isNaN(scores.result().mse()));
    assertTrue(Double.isNaN(scores.result().psnr()));
    assertTrue(Double.isNaN(scores.result().ssim()));
  }

  @Test
  void theMapHasTheNamesOfTheMetricsFile() {
    var scores = new FrameScores(FRAMES, new float[P]);
    scores.add(noise(1, 2 * P, 1), noise(2, 2 * P, 1), new float[P], 1);
    Map<String, Object> map = scores.result().toMap();
    assertEquals(
        List.of(
            "mse",
            "mae",
            "ssim",
            "psnr",
            "mse_last_frame",
            "mse_mean_image",
            "per_frame",
            "sequences",
            "conventions"),
        List.copyOf(map.keySet()));
    assertEquals(1L, map.get("sequences"));
    var perFrame = (Map<?, ?>) map.get("per_frame");
    for (String name : List.of("mse", "mse_last_frame", "mse_mean_image", "correlation")) {
      assertEquals(2, ((List<?>) perFrame.get(name)).size(), name);
    }
  }

  @Test
  void theBaselinesOfMovingDigitsAreThoseOfTheField() {
    int n = 64;
    int pixels = 64 * 64;
    var batch = new float[20 * n * pixels];
    MovingDigits.standard(Split.TEST, 1).batch(0, n, batch, 0);
    float[] mean = MovingDigits.standard(Split.TRAIN, 1).meanImage(200);
    float[] truth = Arrays.copyOfRange(batch, 10 * n * pixels, batch.length);
    float[] last = Arrays.copyOfRange(batch, 9 * n * pixels, 10 * n * pixels);
    var scores = new FrameScores(Shape.of(10, 1, 64, 64), mean);
    scores.add(new float[truth.length], truth, last, n);
    ForecastScores result = scores.result();
    // On 512 sequences: 0.0699; the mean image 0.534 and black 0.607 of it.
    double lastFrame = result.lastFrame().mse(10);
    assertEquals(0.069, lastFrame, 0.004);
    assertEquals(0.534, result.meanImage().mse(10) / lastFrame, 0.025);
    assertEquals(0.607, result.mse() / lastFrame, 0.025);
    assertEquals(0.38, result.lastFrame().correlation()[0], 0.05);
    assertEquals(0.26, result.meanImage().correlation()[0], 0.03);
  }

  @Test
  void wrongSizesAreNamed() {
    assertMessage(
        "expected frames [T, C, H, W] of 7x7", () -> new FrameScores(Shape.of(2, 3), null));
    assertMessage(
        "expected frames [T, C, H, W] of 7x7",
        () -> new FrameScores(Shape.of(2, 1, 6, 8), new float[48]));
    assertMessage(
        "expected a mean image of 64 values", () -> new FrameScores(FRAMES, new float[63]));
    var scores = new FrameScores(FRAMES, new float[P]);
    assertMessage(
        "got 127 predicted", () -> scores.add(new float[127], new float[128], new float[64], 1));
    assertMessage(
        "expected 1 last frames of [1, 8, 8], got 63 values",
        () -> scores.add(new float[128], new float[128], new float[63], 1));
    assertThrows(IllegalStateException.class, scores::result);
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
  }

  private static float[] noise(int seed, int n, float most) {
    var random = new Random(seed);
    var x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() * most;
    }
    return x;
  }

  /** [T, N, ...] to [N, T, ...] for T = 2, N = 3. */
  private static float[] batchMajor(float[] x) {
    var y = new float[x.length];
    for (int f = 0; f < 6; f++) {
      System.arraycopy(x, f * P, y, (f % 3 * 2 + f / 3) * P, P);
    }
    return y;
  }

  private static float[] one(float[] x, int n) {
    var y = new float[2 * P];
    System.arraycopy(x, n * P, y, 0, P);
    System.arraycopy(x, (3 + n) * P, y, P, P);
    return y;
  }
}
