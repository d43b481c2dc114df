package dev.sluice.cli.pictures;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** A white picture to draw on, in pixels from its upper left corner. */
final class Board {
  static {
    System.setProperty("java.awt.headless", "true");
    // Otherwise ImageIO puts temporary files on the disk.
    ImageIO.setUseCache(false);
  }

  private final BufferedImage image;
  private final Graphics2D graphics;

  /**
   * A board whose picture has {@code scale} times as many pixels each way as its coordinates say.
   */
  Board(int width, int height, int scale) {
    image = new BufferedImage(width * scale, height * scale, BufferedImage.TYPE_INT_RGB);
    graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
    graphics.scale(scale, scale);
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
  }

  Graphics2D graphics() {
    return graphics;
  }

  BufferedImage image() {
    return image;
  }

  /** Draws frame {@code t} of {@code frames: [T, height, width]}, each pixel as a square. */
  void frame(float[] frames, int t, int height, int width, Shade shade, int x, int y, int scale) {
    var frame = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < height * width; p++) {
      frame.setRGB(p % width, p / width, shade.of(frames[t * height * width + p]));
    }
    graphics.drawImage(frame, x, y, width * scale, height * scale, null);
  }

  void text(String text, double x, double y, float size, Lettering.Align align) {
    graphics.setColor(Lettering.INK);
    Lettering.write(graphics, text, x, y, size, false, align);
  }

  void heading(String text, double x, double y, float size, Lettering.Align align) {
    graphics.setColor(Lettering.INK);
    Lettering.write(graphics, text, x, y, size, true, align);
  }

  void pale(String text, double x, double y, float size, Lettering.Align align) {
    graphics.setColor(Lettering.PALE);
    Lettering.write(graphics, text, x, y, size, false, align);
  }

  void fill(int rgb, double x, double y, double width, double height) {
    graphics.setColor(new Color(rgb));
    graphics.fill(new Rectangle2D.Double(x, y, width, height));
  }

  byte[] png() {
    var out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
