package dev.sluice.cpu;

/** Each thread's own arrays for a window of pixels or taps and what becomes of it. */
final class WinogradArrays {
  private static final ThreadLocal<float[][]> ARRAYS =
      ThreadLocal.withInitial(() -> new float[2][0]);

  private WinogradArrays() {}

  /**
   * {@return two arrays, whose values are anything}
   *
   * @param length elements that each has at least
   */
  static float[][] of(int length) {
    var arrays = ARRAYS.get();
    for (int i = 0; i < arrays.length; i++) {
      if (arrays[i].length < length) {
        arrays[i] = new float[length];
      }
    }
    return arrays;
  }
}
