package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SsimTest {
  @Test
  void equalPicturesHaveOne() {
    float[] x = noise(1, 20 * 17);
    assertEquals(1, Ssim.uniform7(1).of(x, 0, x, 0, 20, 17), 1e-12);
    assertEquals(1, Ssim.gauss11(1).of(x, 0, x, 0, 20, 17), 1e-12);
  }

  @Test
  void flatPicturesDifferByTheirBrightnessOnly() {
    var x = new float[64];
    var y = new float[64];
    Arrays.fill(x, 0.25f);
    Arrays.fill(y, 0.75f);
    double c1 = 1e-4;
    double expected = (2 * 0.25 * 0.75 + c1) / (0.0625 + 0.5625 + c1);
    assertEquals(expected, Ssim.uniform7(1).of(x, 0, y, 0, 8, 8), 1e-12);
  }

  @Test
  void aSingleWindowIsTheFormulaWithSampleCovariance() {
    float[] x = noise(2, 49);
    float[] y = noise(3, 49);
    double mx = mean(x);
    double my = mean(y);
    double vx = 0;
    double vy = 0;
    double xy = 0;
    for (int i = 0; i < 49; i++) {
      vx += (x[i] - mx) * (x[i] - mx) / 48;
      vy += (y[i] - my) * (y[i] - my) / 48;
      xy += (x[i] - mx) * (y[i] - my) / 48;
    }
    double expected =
        (2 * mx * my + 4e-4) * (2 * xy + 36e-4) / ((mx * mx + my * my + 4e-4) * (vx + vy + 36e-4));
    assertEquals(expected, Ssim.uniform7(2).of(x, 0, y, 0, 7, 7), 1e-12);
  }

  @Test
  void onlyTheNamedRegionCounts() {
    float[] x = noise(4, 100);
    float[] y = noise(5, 100);
    double whole = Ssim.uniform7(1).of(x, 10, y, 20, 8, 9);
    float[] a = Arrays.copyOfRange(x, 10, 82);
    float[] b = Arrays.copyOfRange(y, 20, 92);
    assertEquals(whole, Ssim.uniform7(1).of(a, 0, b, 0, 8, 9));
    assertTrue(whole < 0.5);
  }

  @Test
  void theGaussianSumsToOneAndIsSymmetric() {
    double[] window = Ssim.gauss11(1).window();
    assertEquals(1, Arrays.stream(window).sum(), 1e-15);
    assertEquals(window[0], window[10]);
    assertEquals(Math.exp(-2 / 9.0), window[6] / window[5], 1e-12);
  }

  @Test
  void picturesSmallerThanTheWindowAreRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Ssim.uniform7(1).of(new float[60], 0, new float[60], 0, 10, 6));
    assertEquals("SSIM: expected pictures of at least 7x7, got 10x6", e.getMessage());
  }

  private static float[] noise(int seed, int n) {
    var random = new Random(seed);
    var x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat();
    }
    return x;
  }

  private static double mean(float[] x) {
    double sum = 0;
    for (float value : x) {
      sum += value;
    }
    return sum / x.length;
  }
}
