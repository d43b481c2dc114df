package dev.sluice.data;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Sequences of frames out of a .npy file [N, T, C, H, W], the last fifth for testing, made [T, N,
 * H, W, C] for the models. Values outside of 0 to 1 are mapped onto it by the smallest and the
 * largest of the training sequences.
 */
public final class Videos {
  private static final int FIFTH = 5;

  private final float[] values;
  private final int count;
  private final int frames;
  private final int channels;
  private final int height;
  private final int width;
  private final float low;
  private final float high;

  private Videos(NpyArray array, String name) {
    Shape shape = array.shape();
    if (shape.rank() != 5 || shape.elements() == 0) {
      throw new FormatException(
          name + ": expected frames [N, T, C, H, W], 5 axes of 1 or more, got " + shape);
    }
    values = array.values();
    count = shape.size(0);
    frames = shape.size(1);
    channels = shape.size(2);
    height = shape.size(3);
    width = shape.size(4);
    if (count < 2 || frames < 2) {
      throw new FormatException(
          "%s: expected at least 2 sequences, one to test on, of 2 frames, got %d of %d"
              .formatted(name, count, frames));
    }
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new FormatException(
            "%s: expected finite values, got %s in sequence %d, frame %d"
                .formatted(name, values[i], i / pixels() / frames, i / pixels() % frames));
      }
      if (i < count(Split.TRAIN) * frames * pixels()) {
        least = Math.min(least, values[i]);
        most = Math.max(most, values[i]);
      }
    }
    if (!(most > least)) {
      throw new FormatException(
          name + ": expected frames that differ, got training frames that are all " + least);
    }
    boolean unit = least >= 0 && most <= 1;
    low = unit ? 0 : least;
    high = unit ? 1 : most;
  }

  /**
   * Reads a file.
   *
   * @param file of frames [N, T, C, H, W], plain or gzip
   * @return its videos
   * @throws FormatException if it is no such array, holds a value that is not finite, or shows
   *     nothing
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static Videos read(Path file) {
    return of(Npy.read(file), file.toString());
  }

  /**
   * {@return the sequences of an array}
   *
   * @param array [N, T, C, H, W]; not copied
   * @param name for messages
   */
  public static Videos of(NpyArray array, String name) {
    return new Videos(array, name);
  }

  private int pixels() {
    return channels * height * width;
  }

  /**
   * {@return how many sequences a split has}
   *
   * @param split which
   */
  public int count(Split split) {
    int tests = Math.max(1, count / FIFTH);
    return split == Split.TEST ? tests : count - tests;
  }

  /** {@return T} */
  public int frames() {
    return frames;
  }

  /** {@return C} */
  public int channels() {
    return channels;
  }

  /** {@return H} */
  public int height() {
    return height;
  }

  /** {@return W} */
  public int width() {
    return width;
  }

  /** {@return the value that becomes 0} */
  public float low() {
    return low;
  }

  /** {@return the value that becomes 1} */
  public float high() {
    return high;
  }

  /**
   * Checks that frames fall into whole patches and sequences have the frames that a model needs.
   *
   * @param patch height and width of a patch, at least 1
   * @param seen frames that a model sees
   * @param ahead frames that it forecasts
   * @throws IllegalArgumentException if not
   */
  public void require(int patch, int seen, int ahead) {
    if (patch < 1 || height % patch != 0 || width % patch != 0) {
      throw new IllegalArgumentException(
          "videos: expected a height and a width that patches of %dx%d fill, got %dx%d"
              .formatted(patch, patch, height, width));
    }
    if (seen < 1 || ahead < 1 || (long) seen + ahead > frames) {
      throw new IllegalArgumentException(
          "videos: expected %d frames seen and %d to come in each sequence, got sequences of %d"
              .formatted(seen, ahead, frames));
    }
  }

  /**
   * {@return the shape of a batch, [T, N, H, W, C]}
   *
   * @param n N
   */
  public Shape shape(int n) {
    return Shape.of(frames, n, height, width, channels);
  }

  /**
   * Copies sequences.
   *
   * @param split which
   * @param picks N of them, each 0 to {@code count(split) - 1}
   * @param out [T, N, H, W, C], overwritten; values 0 to 1 for the training sequences
   */
  public void batch(Split split, int[] picks, float[] out) {
    int n = picks.length;
    if (out.length != shape(n).elements()) {
      throw new IllegalArgumentException(
          "videos: expected room for %s, got %d floats".formatted(shape(n), out.length));
    }
    int first = split == Split.TRAIN ? 0 : count(Split.TRAIN);
    for (int i = 0; i < n; i++) {
      int sequence = first + Objects.checkIndex(picks[i], count(split));
      for (int t = 0; t < frames; t++) {
        frame((sequence * frames + t) * pixels(), out, (t * n + i) * pixels());
      }
    }
  }

  /** From [C, H, W] to [H, W, C]. */
  private void frame(int from, float[] out, int to) {
    int area = height * width;
    for (int c = 0; c < channels; c++) {
      for (int p = 0; p < area; p++) {
        out[to + p * channels + c] = (values[from + c * area + p] - low) / (high - low);
      }
    }
  }
}
