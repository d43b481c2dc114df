package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VideoMetricTest {
  // Two sequences of two frames of two pixels; one prediction is above 1, one below 0.
  private static final Shape SMALL = Shape.of(2, 2, 1, 1, 2);
  private static final float[] PRED = {0.5f, 1.5f, 0, 0, 1, 0.25f, -1, 0.5f};
  private static final float[] TRUTH = {1, 1, 0, 1, 1, 0.75f, 0, 0.5f};

  // Squared errors by frame (sequence, step): .25 + .25, 0 + 1, 0 + .25, 1 + 0.
  @Test
  void openStlSumsPixelsAndAveragesFrames() {
    assertMetric(VideoMetric.MSE_OPENSTL_SUM_PIXELS, (0.5 + 1 + 0.25 + 1) / 4);
    assertMetric(VideoMetric.MAE_OPENSTL_SUM_PIXELS, (1 + 1 + 0.5 + 1) / 4);
    assertMetric(VideoMetric.RMSE_OPENSTL, Math.sqrt(2.75 / 4));
  }

  @Test
  void meansAreOverPixelsToo() {
    assertMetric(VideoMetric.MSE_MEAN, 2.75 / 8);
    assertMetric(VideoMetric.MAE_MEAN, 3.5 / 8);
    assertMetric(VideoMetric.MSE_OPENSTL_SPATIAL_NORM, 2.75 / 8);
  }

  // Cut to 0..1 the errors are .25 + 0, 1, .25, 0.
  @Test
  void predRnnCutsFirstAndSumsFrames() {
    assertMetric(VideoMetric.MSE_PREDRNN_PER_FRAME_CLIPPED, (0.25 + 0.25) / 2, (1 + 0) / 2.0);
    assertMetric(VideoMetric.MSE_PREDRNN_PER_SEQ_CLIPPED, 0.75);
  }

  @Test
  void psnrIsTheMeanOfTheFramesDecibels() {
    float[] pred = {0.1f, 0.1f, 0, 0.2f};
    double first = -10 * Math.log10(0.01);
    double second = -10 * Math.log10(0.02);
    assertArrayEquals(
        new double[] {(first + second) / 2},
        VideoMetric.PSNR_OPENSTL_MEAN_OF_FRAMES.compute(
            pred, new float[4], Shape.of(1, 2, 1, 1, 2)),
        1e-6);
  }

  @Test
  void predRnnTruncatesToBytes() {
    // 0.999 x 255 = 254.7 becomes 254: one grey level of error in one of two pixels.
    float[] pred = {0.999f, 2};
    double expected = 20 * Math.log10(255) - 10 * Math.log10(0.5);
    assertArrayEquals(
        new double[] {expected},
        VideoMetric.PSNR_PREDRNN_UINT8.compute(pred, new float[] {1, 1}, Shape.of(1, 1, 1, 1, 2)),
        1e-9);
  }

  @Test
  void ssimIsTheMeanOverFramesAndChannels() {
    Shape shape = Shape.of(1, 2, 2, 7, 7);
    var pred = new float[196];
    var truth = new float[196];
    Arrays.fill(truth, 49, 98, 1f);
    Arrays.fill(pred, 147, 196, 3f); // cut to 1
    Arrays.fill(truth, 147, 196, 1f);
    // Maps: equal, black for white, equal, equal once cut.
    double wrong = 1e-4 / (1 + 1e-4);
    assertArrayEquals(
        new double[] {(3 + wrong) / 4},
        VideoMetric.SSIM_UNIFORM7_RANGE1.compute(pred, truth, shape),
        1e-12);
    double wrongBytes = 6.5025 / (255 * 255 + 6.5025);
    assertArrayEquals(
        new double[] {(3 + wrongBytes) / 4},
        VideoMetric.SSIM_UNIFORM7_UINT8.compute(pred, truth, shape),
        1e-12);
  }

  @Test
  void namesAreFoundBothWays() {
    for (VideoMetric metric : VideoMetric.values()) {
      assertEquals(metric, VideoMetric.of(metric.key()).orElseThrow());
    }
    assertEquals("mse_mean", VideoMetric.MSE_MEAN.key());
    assertTrue(VideoMetric.of("MSE_MEAN").isEmpty());
    assertTrue(VideoMetric.of("mse").isEmpty());
  }

  @Test
  void wrongShapesAreNamed() {
    assertMessage(
        "video metric: expected 8 values for [2, 2, 1, 1, 2], got 7 predicted and 8 true ones",
        new float[7],
        SMALL);
    assertMessage(
        "video metric: expected frames [N, T, C, H, W], got [2, 4]", PRED, Shape.of(2, 4));
    assertMessage(
        "video metric: expected frames [N, T, C, H, W], got [0, 2, 1, 1, 2]",
        PRED,
        Shape.of(0, 2, 1, 1, 2));
  }

  private static void assertMetric(VideoMetric metric, double... expected) {
    assertArrayEquals(expected, metric.compute(PRED, TRUTH, SMALL), 1e-12);
  }

  private static void assertMessage(String message, float[] pred, Shape shape) {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> VideoMetric.MSE_MEAN.compute(pred, TRUTH, shape));
    assertEquals(message, e.getMessage());
  }
}
