package dev.sluice.cli.pictures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class RunChartTest {
  private static final double[] X = {0, 1, 2, 3};

  private static BufferedImage drawn(Scale scale, Series... series) throws IOException {
    byte[] png = new RunChart("t", "x", "y", scale, List.of(series)).png();
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  private static Series series(double[]... runs) {
    return new Series("name", 0, false, X, Arrays.asList(runs));
  }

  /** The highest row of a column that has the first colour, in pixels from the top. */
  private static int top(BufferedImage image, int x) {
    for (int y = 130; y < image.getHeight(); y++) {
      if ((image.getRGB(x, y) & 0xffffff) == 0x0072b2) {
        return y;
      }
    }
    return -1;
  }

  @Test
  void onALogarithmicAxisTheMeanIsTheGeometricOne() throws IOException {
    var linear = drawn(Scale.LINEAR, series(new double[] {0, 0, 0, 0}, new double[] {8, 8, 8, 8}));
    var log =
        drawn(
            Scale.LOGARITHMIC,
            series(new double[] {1e-8, 1e-8, 1e-8, 1e-8}, new double[] {1, 1, 1, 1}));
    // Both means lie in the middle of the plot: 66 to 330 of the board, twice as many pixels.
    assertEquals(396, top(linear, 800), 6);
    assertEquals(396, top(log, 800), 6);
  }

  @Test
  void theMeanEndsWithTheShortestRun() throws IOException {
    var image = drawn(Scale.LINEAR, series(new double[] {1, 2}, new double[] {1, 2, 3, 4}));
    assertTrue(top(image, 400) > 0);
    assertEquals(-1, top(image, 1200));
  }

  @Test
  void whateverTheValuesItIsDrawn() throws IOException {
    for (var scale : Scale.values()) {
      for (double[] run :
          new double[][] {{}, {1}, {0, 0}, {-1, Double.NaN, 5}, {1e-300, 1e300}, {0, 1e9, 0}}) {
        assertEquals(1520, drawn(scale, series(run)).getWidth(), Arrays.toString(run));
      }
    }
  }

  @Test
  void namesThatDoNotFitGoToAnotherRow() throws IOException {
    var one = series(X);
    int few = drawn(Scale.LINEAR, one).getHeight();
    var many = Collections.nCopies(30, one).toArray(Series[]::new);
    assertTrue(drawn(Scale.LINEAR, many).getHeight() > few);
  }

  @Test
  void aRunLongerThanItsAxisIsRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> series(new double[5]));
    assertEquals("RunChart: expected at most 4 points of name, got 5", e.getMessage());
  }

  @Test
  void rowsOfFramesStandBelowEachOther() throws IOException {
    var grey = new FrameRows.Row("grey", new float[] {0, 0, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f});
    var black = new FrameRows.Row("black", new float[8]);
    var png = new FrameRows(2, 2, 11, List.of(grey, black)).png();
    var image = ImageIO.read(new ByteArrayInputStream(png));
    // The second frame of each row: four pixels a side for one, right of it a gap and the margin.
    int x = image.getWidth() - 24;
    assertEquals(0x808080, image.getRGB(x, 42) & 0xffffff);
    assertEquals(0x000000, image.getRGB(x, 54) & 0xffffff);
    assertEquals(0x000000, image.getRGB(x - 12, 42) & 0xffffff);
    var e =
        assertThrows(IllegalArgumentException.class, () -> new FrameRows(3, 2, 1, List.of(grey)));
    assertTrue(e.getMessage().contains("whole frames of 3x2, got 8 values"), e.getMessage());
  }
}
