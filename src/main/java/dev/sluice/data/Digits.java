package dev.sluice.data;

import dev.sluice.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Handwritten digits, {@code [count, 28, 28]} unsigned bytes with labels 0 to 9.
 *
 * <p>The {@link #bundled} 10,000 are a part of MNIST; digits 0 to 7,999 are for training, 8,000 to
 * 9,999 for testing. Any pair of MNIST's own IDX files can be read as well.
 */
public final class Digits {
  /** Height and width of a digit in pixels. */
  public static final int SIZE = 28;

  private static final int PIXELS = SIZE * SIZE;
  private static final int BUNDLED = 10_000;
  private static final int BUNDLED_TRAIN = 8_000;

  private final byte[] images;
  private final byte[] labels;

  private Digits(byte[] images, byte[] labels) {
    this.images = images;
    this.labels = labels;
  }

  /** {@return the 10,000 digits that the library carries; loaded once} */
  public static Digits bundled() {
    return Bundled.DIGITS;
  }

  private static final class Bundled {
    static final Digits DIGITS = load();

    private static Digits load() {
      String images = "digits/digits-images-idx3-ubyte.gz";
      String labels = "digits/digits-labels-idx1-ubyte.gz";
      try (InputStream i = open(images);
          InputStream l = open(labels)) {
        return read(i, images, l, labels);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static InputStream open(String name) {
      return Objects.requireNonNull(
          Digits.class.getResourceAsStream(name), () -> "resource dev/sluice/data/" + name);
    }
  }

  /**
   * Reads a pair of IDX files, gzip or not.
   *
   * @param images {@code [count, 28, 28]} unsigned bytes
   * @param labels {@code [count]} unsigned bytes, 0 to 9
   * @return the digits
   * @throws FormatException if one is truncated, foreign, or does not match the other
   * @throws UncheckedIOException if one cannot be read
   */
  public static Digits read(Path images, Path labels) {
    try (InputStream i = Files.newInputStream(images);
        InputStream l = Files.newInputStream(labels)) {
      return read(i, images.toString(), l, labels.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Digits read(InputStream images, String imagesName, InputStream labels, String name)
      throws IOException {
    Idx pixels = Idx.read(images, imagesName, 3);
    if (pixels.dims()[1] != SIZE || pixels.dims()[2] != SIZE) {
      throw new FormatException(
          "%s: expected digits of 28x28 pixels, got %dx%d"
              .formatted(imagesName, pixels.dims()[1], pixels.dims()[2]));
    }
    Idx kinds = Idx.read(labels, name, 1);
    if (kinds.dims()[0] != pixels.dims()[0]) {
      throw new FormatException(
          "%s: expected %d labels, one an image, got %d"
              .formatted(name, pixels.dims()[0], kinds.dims()[0]));
    }
    for (byte kind : kinds.bytes()) {
      if (kind < 0 || kind > 9) {
        throw new FormatException(name + ": expected labels 0 to 9, got " + (kind & 0xff));
      }
    }
    return new Digits(pixels.bytes(), kinds.bytes());
  }

  /** {@return how many digits there are} */
  public int count() {
    return labels.length;
  }

  /**
   * {@return what a digit shows, 0 to 9}
   *
   * @param index of the digit
   */
  public int label(int index) {
    return labels[Objects.checkIndex(index, labels.length)];
  }

  /**
   * Copies a digit to {@code out: [28, 28]}, values 0 to 1.
   *
   * @param index of the digit
   * @param out where to write
   * @param offset of the first pixel in {@code out}
   */
  public void copy(int index, float[] out, int offset) {
    int from = Objects.checkIndex(index, labels.length) * PIXELS;
    for (int p = 0; p < PIXELS; p++) {
      out[offset + p] = value(images[from + p]);
    }
  }

  /** {@return the index of the first bundled digit of a split} */
  static int first(Split split) {
    return split == Split.TRAIN ? 0 : BUNDLED_TRAIN;
  }

  /** {@return how many bundled digits a split has} */
  static int count(Split split) {
    return split == Split.TRAIN ? BUNDLED_TRAIN : BUNDLED - BUNDLED_TRAIN;
  }

  /**
   * Lays a digit on a picture; where both have ink the brighter pixel wins.
   *
   * @param index of the digit
   * @param out holds {@code [height, width]}
   * @param at the element of {@code out} under the digit's upper left pixel
   * @param width of the picture
   */
  void lay(int index, float[] out, int at, int width) {
    int from = index * PIXELS;
    for (int row = 0; row < SIZE; row++) {
      for (int column = 0; column < SIZE; column++) {
        int to = at + row * width + column;
        out[to] = Math.max(out[to], value(images[from + row * SIZE + column]));
      }
    }
  }

  private static float value(byte pixel) {
    return (pixel & 0xff) / 255f;
  }
}
