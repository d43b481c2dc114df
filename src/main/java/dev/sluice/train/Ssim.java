package dev.sluice.train;

import java.util.Arrays;

/**
 * Structural similarity of two pictures: the mean, over all places where the window fits, of {@code
 * (2 mx my + C1)(2 cov + C2) / ((mx^2 + my^2 + C1)(vx + vy + C2))} with C1 = (0.01 R)^2 and C2 =
 * (0.03 R)^2 (Wang, Bovik, Sheikh and Simoncelli, IEEE TIP 13(4), 2004, equation 13).
 *
 * <p>The number depends on the window, the covariance and the range R, so name them beside it.
 *
 * @param window weights along one axis, summing to 1
 * @param covariance what to multiply variances and the covariance with
 * @param range R, the distance from black to white
 */
record Ssim(double[] window, double covariance, double range) {
  /** {@return 7x7 uniform window, sample covariance (x 49/48): scikit-image's default} */
  static Ssim uniform7(double range) {
    var window = new double[7];
    Arrays.fill(window, 1.0 / 7);
    return new Ssim(window, 49.0 / 48, range);
  }

  /** {@return 11x11 Gaussian window of sigma 1.5, biased covariance: as in the paper} */
  static Ssim gauss11(double range) {
    var window = new double[11];
    double sum = 0;
    for (int i = 0; i < 11; i++) {
      sum += window[i] = StrictMath.exp(-(i - 5) * (i - 5) / (2 * 1.5 * 1.5));
    }
    for (int i = 0; i < 11; i++) {
      window[i] /= sum;
    }
    return new Ssim(window, 1, range);
  }

  /**
   * Compares two pictures of {@code [height, width]}.
   *
   * @param x holds one from {@code xAt} on
   * @param y holds the other from {@code yAt} on
   * @throws IllegalArgumentException if a side is shorter than the window
   */
  double of(float[] x, int xAt, float[] y, int yAt, int height, int width) {
    if (height < window.length || width < window.length) {
      throw new IllegalArgumentException(
          "SSIM: expected pictures of at least %1$dx%1$d, got %2$dx%3$d"
              .formatted(window.length, height, width));
    }
    int across = width - window.length + 1;
    int down = height - window.length + 1;
    double[] rows = rows(x, xAt, y, yAt, height, width, across);
    double sum = 0;
    for (int i = 0; i < down * across; i++) {
      sum += at(rows, i, height * across, across);
    }
    return sum / (down * across);
  }

  /** {@return {@code [5, height, across]}: x, y, xx, yy and xy, weighted along the rows} */
  private double[] rows(float[] x, int xAt, float[] y, int yAt, int height, int width, int across) {
    int plane = height * across;
    var rows = new double[5 * plane];
    for (int i = 0; i < plane; i++) {
      int from = i / across * width + i % across;
      for (int k = 0; k < window.length; k++) {
        double a = x[xAt + from + k];
        double b = y[yAt + from + k];
        double weighted = window[k] * a;
        rows[i] += weighted;
        rows[plane + i] += window[k] * b;
        rows[2 * plane + i] += weighted * a;
        rows[3 * plane + i] += window[k] * b * b;
        rows[4 * plane + i] += weighted * b;
      }
    }
    return rows;
  }

  private double at(double[] rows, int place, int plane, int across) {
    double x = 0;
    double y = 0;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int k = 0; k < window.length; k++) {
      int i = place + k * across;
      x += window[k] * rows[i];
      y += window[k] * rows[plane + i];
      xx += window[k] * rows[2 * plane + i];
      yy += window[k] * rows[3 * plane + i];
      xy += window[k] * rows[4 * plane + i];
    }
    double c1 = 0.01 * range * 0.01 * range;
    double c2 = 0.03 * range * 0.03 * range;
    double variances = covariance * (xx - x * x + yy - y * y);
    double cov = covariance * (xy - x * y);
    return (2 * x * y + c1) * (2 * cov + c2) / ((x * x + y * y + c1) * (variances + c2));
  }
}
