package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitsTest {
  @TempDir Path folder;

  @Test
  void bundledDigitsAreTenThousandOfAllKinds() {
    Digits digits = Digits.bundled();
    var counts = new int[10];
    var image = new float[Digits.SIZE * Digits.SIZE];
    for (int i = 0; i < digits.count(); i++) {
      counts[digits.label(i)]++;
    }
    digits.copy(0, image, 0);
    assertEquals(10_000, digits.count());
    assertTrue(Arrays.stream(counts).min().getAsInt() > 800, Arrays.toString(counts));
    assertEquals(0f, image[0]);
    assertTrue(maximum(image) > 0.9f && maximum(image) <= 1f);
  }

  @Test
  void trainAndTestDigitsCoverAllAndShareNone() {
    assertEquals(0, Digits.first(Split.TRAIN));
    assertEquals(8_000, Digits.count(Split.TRAIN));
    assertEquals(8_000, Digits.first(Split.TEST));
    assertEquals(2_000, Digits.count(Split.TEST));
  }

  @Test
  void noTestImageIsACopyOfATrainingImage() {
    var train = new java.util.HashSet<String>();
    for (int i = 0; i < 10_000; i++) {
      if (i < 8_000) {
        train.add(pixels(i));
      } else {
        assertTrue(!train.contains(pixels(i)), "digit " + i);
      }
    }
  }

  @Test
  void readsItsOwnFilesPlainAndPacked() throws IOException {
    byte[] labels = idx(1, 2, new byte[] {3, 9});
    byte[] images = idx(3, 2, 28, 28, new byte[2 * 784]);
    images[16 + 784] = (byte) 255;
    Digits plain = Digits.read(file("images", images), file("labels", labels));
    Digits packed = Digits.read(file("images.gz", gzip(images)), file("labels.gz", gzip(labels)));
    for (Digits digits : new Digits[] {plain, packed}) {
      var image = new float[785];
      digits.copy(1, image, 1);
      assertEquals(2, digits.count());
      assertEquals(9, digits.label(1));
      assertEquals(1f, image[1]);
    }
  }

  @Test
  void refusesTruncatedFiles() throws IOException {
    byte[] whole = idx(3, 1, 28, 28, new byte[784]);
    assertRefused(Arrays.copyOf(whole, 2), "starts with 00 00 08");
    assertRefused(Arrays.copyOf(whole, 10), "expected 16 bytes of IDX header, got 10");
    assertRefused(Arrays.copyOf(whole, 799), "expected 784 elements for [1, 28, 28], got 783");
    assertRefused(Arrays.copyOf(whole, 801), "got more bytes");
    byte[] packed = gzip(whole);
    assertRefused(Arrays.copyOf(packed, packed.length - 12), "gzip data end early");
  }

  @Test
  void refusesForeignFiles() throws IOException {
    assertRefused(new byte[0], "an empty file");
    assertRefused("<html></html>".getBytes(), "got 3c 68 74 6d");
    assertRefused(idx(2, 28, 28, new byte[784]), "expected an IDX array of 3 axes, got 2");
    assertRefused(idx(3, 1, 14, 56, new byte[784]), "expected digits of 28x28 pixels, got 14x56");
    assertRefused(idx(3, 1 << 30, 28, 28, new byte[8]), "under 2 GiB");
    assertRefused(idx(3, -1, 28, 28, new byte[8]), "sizes of 1 or more");
  }

  @Test
  void refusesLabelsThatDoNotFit() throws IOException {
    Path images = file("i", idx(3, 1, 28, 28, new byte[784]));
    Path two = file("two", idx(1, 2, new byte[] {1, 2}));
    Path eleven = file("eleven", idx(1, 1, new byte[] {11}));
    assertMessage(() -> Digits.read(images, two), "expected 1 labels, one an image, got 2");
    assertMessage(() -> Digits.read(images, eleven), "expected labels 0 to 9, got 11");
  }

  private void assertRefused(byte[] images, String part) throws IOException {
    Path labels = file("labels", idx(1, 1, new byte[] {3}));
    Path file = file("images", images);
    assertMessage(() -> Digits.read(file, labels), part);
  }

  private static void assertMessage(org.junit.jupiter.api.function.Executable call, String part) {
    String message = assertThrows(FormatException.class, call).getMessage();
    assertTrue(message.contains(part), message);
  }

  private Path file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static String pixels(int index) {
    var image = new float[Digits.SIZE * Digits.SIZE];
    Digits.bundled().copy(index, image, 0);
    return Arrays.toString(image);
  }

  private static float maximum(float[] values) {
    float most = values[0];
    for (float value : values) {
      most = Math.max(most, value);
    }
    return most;
  }

  private static byte[] idx(int rank, int a, byte[] elements) {
    return idx(rank, new int[] {a}, elements);
  }

  private static byte[] idx(int rank, int a, int b, byte[] elements) {
    return idx(rank, new int[] {a, b}, elements);
  }

  private static byte[] idx(int rank, int a, int b, int c, byte[] elements) {
    return idx(rank, new int[] {a, b, c}, elements);
  }

  private static byte[] idx(int rank, int[] dims, byte[] elements) {
    var out = java.nio.ByteBuffer.allocate(4 + 4 * dims.length + elements.length);
    out.put(new byte[] {0, 0, 8, (byte) rank});
    for (int d : dims) {
      out.putInt(d);
    }
    return out.put(elements).array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
