package dev.sluice.cli.pictures;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/**
 * Text in pictures. Java finds no font at all on machines without fontconfig (small containers);
 * pictures then come without text, and a warning says so once.
 */
final class Lettering {
  private static final boolean FONTS = fonts();

  /** Where a text stands: to the right of its point, centred on it, or to the left of it. */
  enum Align {
    START(0),
    MIDDLE(0.5),
    END(1);

    private final double share;

    Align(double share) {
      this.share = share;
    }
  }

  private Lettering() {}

  private static boolean fonts() {
    System.setProperty("java.awt.headless", "true");
    var probe = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    try {
      probe.getFontMetrics(font(12, false)).stringWidth("x");
      return true;
    } catch (RuntimeException | LinkageError | InternalError e) {
      System.getLogger("dev.sluice.cli")
          .log(
              System.Logger.Level.WARNING,
              "pictures come without text: Java found no font here (on Debian: apt install"
                  + " fontconfig fonts-dejavu-core): "
                  + e);
      return false;
    } finally {
      probe.dispose();
    }
  }

  private static Font font(float size, boolean bold) {
    return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 1).deriveFont(size);
  }

  /** Writes a line whose capitals are centred on {@code y}. */
  static void write(
      Graphics2D g, String text, double x, double y, float size, boolean bold, Align align) {
    if (FONTS) {
      Font font = font(size, bold);
      g.setFont(font);
      FontMetrics metrics = g.getFontMetrics();
      double left = x - metrics.stringWidth(text) * align.share;
      g.drawString(text, (float) left, (float) (y + 0.36 * size));
    }
  }

  /** {@return the width of a line in pixels} */
  static double width(Graphics2D g, String text, float size) {
    return FONTS ? g.getFontMetrics(font(size, false)).stringWidth(text) : 0;
  }

  /** The colour of text that must be read. */
  static final Color INK = new Color(0x222222);

  /** The colour of text that explains. */
  static final Color PALE = new Color(0x777777);
}
