package dev.sluice.cli.pictures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
  private static BufferedImage read(byte[] png) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  /** The colour of a square in its lower right corner, where there is no number. */
  private static Color square(BufferedImage image, int row, int column) {
    int side = 64;
    int x = 2 * (150 + (column + 1) * side) - 6;
    int y = 2 * (64 + (row + 1) * side) - 6;
    return new Color(image.getRGB(x, y));
  }

  @Test
  void rightIsBlueWrongIsOrangeNothingIsPale() throws IOException {
    var image = read(new ConfusionMatrix(List.of("a", "b"), new long[][] {{9, 0}, {6, 4}}).png());
    var right = square(image, 0, 0);
    var wrong = square(image, 1, 0);
    assertTrue(right.getBlue() > right.getRed() + 50, right.toString());
    assertTrue(wrong.getRed() > wrong.getBlue() + 50, wrong.toString());
    assertEquals(new Color(0xf4f4f4), square(image, 0, 1));
  }

  @Test
  void manyClassesAndEmptyRows() throws IOException {
    var names = Collections.nCopies(200, "a rather long name of a class");
    var image = read(new ConfusionMatrix(names, new long[200][200]).png());
    assertEquals(2 * (64 + 200 * 6 + 24), image.getHeight());
  }

  @Test
  void aRowForEachClass() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new ConfusionMatrix(List.of("a", "b"), new long[][] {{1, 2}, {3}}));
    assertTrue(e.getMessage().contains("a row and a column for each of 2 classes"));
  }
}
