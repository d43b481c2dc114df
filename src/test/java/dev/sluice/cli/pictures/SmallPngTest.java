package dev.sluice.cli.pictures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class SmallPngTest {
  private static final int SIDE = 32;

  private static int[] written(int[] colours) throws IOException {
    var image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, SIDE, SIDE, colours, 0, SIDE);
    var read = ImageIO.read(new ByteArrayInputStream(SmallPng.of(image)));
    return Arrays.stream(read.getRGB(0, 0, SIDE, SIDE, null, 0, SIDE))
        .map(colour -> colour & 0xffffff)
        .toArray();
  }

  @Test
  void fewColoursStayAsTheyAre() throws IOException {
    var colours = new int[SIDE * SIDE];
    Arrays.setAll(colours, i -> 0x010203 * (i % 80));
    assertArrayEquals(colours, written(colours));
  }

  @Test
  void theFrequentOfManyStayAndOthersBecomeTheNearest() throws IOException {
    var colours = new int[SIDE * SIDE];
    // 600 shades of blue and green once each, and a red that is everywhere else.
    Arrays.setAll(colours, i -> i < 600 ? i : 0xff0000);
    var written = written(colours);
    assertEquals(0xff0000, written[SIDE * SIDE - 1]);
    assertEquals(256, Arrays.stream(written).distinct().count());
    assertTrue(Arrays.stream(written, 0, 600).allMatch(colour -> colour < 0x10000));
  }
}
