package dev.sluice.cli.pictures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import org.junit.jupiter.api.Test;

class PicturesTest {
  private static final int SIDE = 16;
  private static final int P = SIDE * SIDE;

  @Test
  void theAnimationHasAFrameAStepAndLoopsForEver() throws IOException {
    byte[] gif = PredictionGif.gif(List.of(clip(true), clip(true)), 3);
    ImageReader reader = reader(gif);
    assertEquals(5, reader.getNumImages(true));
    for (int i = 0; i < 5; i++) {
      assertEquals(2 * 16 + 3 * 48 + 2 * 12, reader.getWidth(i));
      assertEquals(reader.getHeight(0), reader.getHeight(i));
      assertEquals(i < 4 ? "16" : "120", delay(reader, i));
    }
    IIOMetadataNode loop = child(reader, 0, "ApplicationExtensions");
    assertArrayEquals(
        new byte[] {1, 0, 0}, (byte[]) ((IIOMetadataNode) loop.getFirstChild()).getUserObject());
  }

  @Test
  void theAnimationShowsSeenThenTruthPredictionAndDifference() throws IOException {
    ImageReader reader = reader(PredictionGif.gif(List.of(clip(true)), 3));
    BufferedImage seen = reader.read(0);
    BufferedImage predicted = reader.read(4);
    int y = 16 + 26 + 24;
    assertClose(0x404040, seen.getRGB(16 + 24, y));
    assertClose(0xe8e8e8, seen.getRGB(16 + 60 + 24, y));
    assertClose(0xffffff, predicted.getRGB(16 + 24, y));
    assertClose(0x000000, predicted.getRGB(16 + 60 + 24, y));
    assertClose(0x053061, predicted.getRGB(16 + 120 + 24, y));
  }

  @Test
  void theAnimationManagesWithoutTruth() throws IOException {
    ImageReader reader = reader(PredictionGif.gif(List.of(clip(false)), 4));
    assertEquals(5, reader.getNumImages(true));
    assertClose(0x000000, reader.read(3).getRGB(16 + 32, 16 + 26 + 32));
  }

  @Test
  void theSheetHasFourRowsASequenceOrTwoWithoutTruth() throws IOException {
    BufferedImage one = png(FrameSheet.png(List.of(clip(true))));
    BufferedImage two = png(FrameSheet.png(List.of(clip(true), clip(true))));
    BufferedImage unknown = png(FrameSheet.png(List.of(clip(false))));
    assertEquals(one.getWidth(), two.getWidth());
    assertTrue(two.getHeight() > 1.8 * one.getHeight());
    assertTrue(unknown.getHeight() < 0.6 * one.getHeight());
  }

  @Test
  void sequencesThatDoNotFitAreRefused() {
    assertMessage("got 0", () -> FrameSheet.png(List.of()));
    var wide = new Clip(8, 32, new float[P], new float[0], new float[P]);
    assertMessage("got 16x16 and 8x32", () -> FrameSheet.png(List.of(clip(false), wide)));
    assertMessage(
        "sequences of one length", () -> PredictionGif.gif(List.of(clip(true), clip(false)), 3));
    assertMessage("got 5 values", () -> new Clip(2, 2, new float[5], new float[0], new float[4]));
    assertMessage("or none, got 4", () -> new Clip(2, 2, new float[4], new float[4], new float[8]));
    assertMessage("got 0x2", () -> new Clip(0, 2, new float[4], new float[0], new float[4]));
  }

  @Test
  void oneSequenceIsPickedFromATimeMajorBatch() {
    float[] batch = {0, 1, 10, 11, 20, 21}; // [3, 2, 1, 1]
    assertArrayEquals(new float[] {11, 21}, Clip.pick(batch, 1, 3, 2, 1, 1));
  }

  @Test
  void shadesHaveTheirEndsAndShowWhatIsNotANumber() {
    assertEquals(0x000000, Shade.GREY.of(-3));
    assertEquals(0x808080, Shade.GREY.of(0.5f));
    assertEquals(0xffffff, Shade.GREY.of(2));
    assertEquals(0x053061, Shade.DIFFERENCE.of(-1));
    assertEquals(0xf7f7f7, Shade.DIFFERENCE.of(0));
    assertEquals(0x67001f, Shade.DIFFERENCE.of(1));
    assertEquals(0xff00ff, Shade.GREY.of(Float.NaN));
    assertEquals(0xff00ff, Shade.DIFFERENCE.of(Float.NaN));
  }

  @Test
  void aCurveIsDrawnWhateverItsValues() throws IOException {
    for (double[] y :
        new double[][] {
          {}, {1}, {0, 0}, {Double.NaN, 1, 2}, {1e30, -1e30}, {Double.POSITIVE_INFINITY, 3}
        }) {
      byte[] picture =
          new Curve("t", "x", "y", false, List.of(Curve.Line.numbered("line", y))).png();
      assertEquals(1520, png(picture).getWidth(), Arrays.toString(y));
    }
    byte[] line = new Curve("", "", "", true, List.of(Curve.Line.numbered("", steps()))).png();
    assertTrue(count(png(line), 0x0072b2) > 500, "the line is not there");
    assertMessage("as many x as y", () -> new Curve.Line("l", new double[2], new double[3]));
  }

  @Test
  void axesEndAtRoundNumbers() {
    Axis upwards = Axis.of(List.of(new double[] {0.013, 0.087}), true, 300, 0, 5);
    assertArrayEquals(new double[] {0, 0.02, 0.04, 0.06, 0.08, 0.1}, upwards.ticks(), 1e-12);
    assertEquals("0.06", upwards.label(upwards.ticks()[3]));
    assertEquals(300, upwards.at(0), 1e-9);
    assertEquals(0, upwards.at(0.1), 1e-9);
    Axis along = Axis.of(List.of(new double[] {1, 10}), false, 0, 90, 9);
    assertEquals(10, along.ticks().length);
    assertEquals(90, along.at(10), 1e-9);
    Axis thousands = Axis.of(List.of(new double[] {0, 10_000}), false, 0, 1, 9);
    assertEquals("4,000", thousands.label(thousands.ticks()[2]));
  }

  private static double[] steps() {
    return new double[] {1, 2, 1, 2, 1, 2};
  }

  private static int count(BufferedImage image, int rgb) {
    int count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += (image.getRGB(x, y) & 0xffffff) == rgb ? 1 : 0;
      }
    }
    return count;
  }

  /** Three frames seen, all quarter grey; two to come, white; predicted black. */
  static Clip clip(boolean truth) {
    var seen = new float[3 * P];
    var came = new float[truth ? 2 * P : 0];
    Arrays.fill(seen, 0.25f);
    Arrays.fill(came, 1f);
    return new Clip(SIDE, SIDE, seen, came, new float[2 * P]);
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
  }

  private static void assertClose(int expected, int actual) {
    for (int shift = 0; shift <= 16; shift += 8) {
      assertEquals(
          expected >> shift & 0xff,
          actual >> shift & 0xff,
          3,
          () -> "expected %06x, got %06x".formatted(expected, actual & 0xffffff));
    }
  }

  private static BufferedImage png(byte[] bytes) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(bytes));
  }

  private static ImageReader reader(byte[] gif) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
    reader.setInput(ImageIO.createImageInputStream(new ByteArrayInputStream(gif)));
    return reader;
  }

  private static String delay(ImageReader reader, int frame) throws IOException {
    return child(reader, frame, "GraphicControlExtension").getAttribute("delayTime");
  }

  private static IIOMetadataNode child(ImageReader reader, int frame, String name)
      throws IOException {
    var root =
        (IIOMetadataNode) reader.getImageMetadata(frame).getAsTree("javax_imageio_gif_image_1.0");
    return (IIOMetadataNode) root.getElementsByTagName(name).item(0);
  }
}
