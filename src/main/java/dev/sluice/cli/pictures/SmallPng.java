package dev.sluice.cli.pictures;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * Writes a picture of few colours in a third of the bytes: its 256 most frequent colours stay as
 * they are, every other one becomes the nearest of these.
 */
final class SmallPng {
  private static final int COLOURS = 256;

  private SmallPng() {}

  static byte[] of(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    int[] pixels = image.getRGB(0, 0, width, height, null, 0, width);
    int[] palette = palette(pixels);
    var index = index(pixels, palette);
    var model = new IndexColorModel(8, palette.length, palette, 0, false, -1, 0);
    var small = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, model);
    var row = new int[width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        row[x] = index.get(pixels[y * width + x]);
      }
      small.getRaster().setPixels(0, y, width, 1, row);
    }
    var out = new ByteArrayOutputStream();
    try {
      ImageIO.write(small, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static int[] palette(int[] pixels) {
    var counts = new HashMap<Integer, Integer>();
    Arrays.stream(pixels).forEach(pixel -> counts.merge(pixel, 1, Integer::sum));
    // Colours of equal frequency in their own order, so that the same picture has the same bytes.
    List<Integer> frequent =
        counts.entrySet().stream()
            .sorted(
                Map.Entry.<Integer, Integer>comparingByValue()
                    .reversed()
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(COLOURS)
            .map(Map.Entry::getKey)
            .toList();
    return frequent.stream().mapToInt(colour -> colour).toArray();
  }

  private static Map<Integer, Integer> index(int[] pixels, int[] palette) {
    var index = new HashMap<Integer, Integer>();
    for (int pixel : pixels) {
      index.computeIfAbsent(pixel, colour -> nearest(colour, palette));
    }
    return index;
  }

  private static int nearest(int colour, int[] palette) {
    int nearest = 0;
    for (int i = 1; i < palette.length; i++) {
      nearest = distance(colour, palette[i]) < distance(colour, palette[nearest]) ? i : nearest;
    }
    return nearest;
  }

  private static int distance(int a, int b) {
    int sum = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      int d = (a >> shift & 0xff) - (b >> shift & 0xff);
      sum += d * d;
    }
    return sum;
  }
}
