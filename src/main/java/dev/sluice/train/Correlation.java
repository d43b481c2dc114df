package dev.sluice.train;

/** Pearson's correlation between the pixels of two frames. */
final class Correlation {
  private Correlation() {}

  /**
   * {@return -1 to 1; 0 if one frame is all one value, since it then says nothing about the other}
   *
   * @param x holds one frame from {@code xAt} on
   * @param y holds the other from {@code yAt} on
   * @param n pixels of each
   */
  static double of(float[] x, int xAt, float[] y, int yAt, int n) {
    double meanX = mean(x, xAt, n);
    double meanY = mean(y, yAt, n);
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < n; i++) {
      double dx = x[xAt + i] - meanX;
      double dy = y[yAt + i] - meanY;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    // A frame of one value leaves rounding errors only, near 1e-32 a pixel.
    return xx > 1e-20 * n && yy > 1e-20 * n ? xy / Math.sqrt(xx * yy) : 0;
  }

  private static double mean(float[] x, int at, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[at + i];
    }
    return sum / n;
  }
}
