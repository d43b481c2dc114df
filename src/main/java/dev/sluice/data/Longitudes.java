package dev.sluice.data;

/**
 * Frames [..., W, C] whose columns go round the globe: before a convolution with zero padding they
 * get columns from the other side, and afterwards those are cut off again. A convolution of width 3
 * in a recurrent cell reaches one column further each step, so that {@code pad = T + 1} leaves the
 * kept columns of T steps and one more convolution exactly as if the frame had no edge.
 */
public final class Longitudes {
  private Longitudes() {}

  /**
   * {@return [..., W + 2 pad, C]: each row with its last columns before it and its first behind it}
   *
   * @param frames [..., W, C]
   * @param width W
   * @param channels C
   * @param pad columns on each side, 0 to W
   */
  public static float[] wrap(float[] frames, int width, int channels, int pad) {
    check(frames, width, channels, pad, pad <= width);
    int row = width * channels;
    int side = pad * channels;
    var wrapped = new float[frames.length / row * (row + 2 * side)];
    for (int from = 0, to = 0; from < frames.length; from += row, to += row + 2 * side) {
      System.arraycopy(frames, from + row - side, wrapped, to, side);
      System.arraycopy(frames, from, wrapped, to + side, row);
      System.arraycopy(frames, from, wrapped, to + side + row, side);
    }
    return wrapped;
  }

  /**
   * {@return [..., W - 2 pad, C]: each row without its first and last columns}
   *
   * @param frames [..., W, C]
   * @param width W, with the columns to cut
   * @param channels C
   * @param pad columns on each side, 0 or more
   */
  public static float[] crop(float[] frames, int width, int channels, int pad) {
    check(frames, width, channels, pad, 2L * pad < width);
    int row = width * channels;
    int kept = (width - 2 * pad) * channels;
    var cropped = new float[frames.length / row * kept];
    for (int from = 0, to = 0; from < frames.length; from += row, to += kept) {
      System.arraycopy(frames, from + pad * channels, cropped, to, kept);
    }
    return cropped;
  }

  private static void check(float[] frames, int width, int channels, int pad, boolean fits) {
    if (width < 1 || channels < 1 || pad < 0 || !fits || frames.length % (width * channels) != 0) {
      throw new IllegalArgumentException(
          "longitudes: expected frames [..., %d, %d] and a padding that fits, got %d floats, %d"
              .formatted(width, channels, frames.length, pad));
    }
  }
}
