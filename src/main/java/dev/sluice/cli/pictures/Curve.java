package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.END;
import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;
import static dev.sluice.cli.pictures.Lettering.Align.START;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.util.Arrays;
import java.util.List;

/**
 * A line chart.
 *
 * @param title above it
 * @param xLabel what runs to the right
 * @param yLabel what runs upwards
 * @param fromZero whether the y axis begins at 0 rather than at the least value
 * @param lines at least 1
 */
public record Curve(
    String title, String xLabel, String yLabel, boolean fromZero, List<Line> lines) {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 360;
  private static final int LEFT = 70;
  private static final int RIGHT = 24;
  private static final int TOP = 66;
  private static final int BOTTOM = 56;
  // Okabe and Ito's colours, which the colour-blind can tell apart.
  private static final int[] COLOURS = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0x555555, 0xe69f00};

  /**
   * One line; points that are not finite are left out.
   *
   * @param name for the legend
   * @param x as many as y
   * @param y as many as x
   */
  public record Line(String name, double[] x, double[] y) {
    /** Checks that there are as many x as y. */
    public Line {
      if (x.length != y.length) {
        throw new IllegalArgumentException(
            "Curve: expected as many x as y in " + name + ", got " + x.length + " and " + y.length);
      }
    }

    /**
     * {@return a line over 1, 2, 3, ...}
     *
     * @param name for the legend
     * @param y its values
     */
    public static Line numbered(String name, double[] y) {
      var x = new double[y.length];
      Arrays.setAll(x, i -> i + 1);
      return new Line(name, x, y);
    }

    boolean finite(int i) {
      return Double.isFinite(x[i]) && Double.isFinite(y[i]);
    }
  }

  /** Copies the list. */
  public Curve {
    lines = List.copyOf(lines);
  }

  /** {@return the chart as a PNG of 1520x720 pixels, sharp on fine screens} */
  public byte[] png() {
    var board = new Board(WIDTH, HEIGHT, 2);
    board.heading(title, LEFT, 20, 16, START);
    Axis x = Axis.of(lines.stream().map(Line::x).toList(), false, LEFT, WIDTH - RIGHT, 9);
    Axis y = Axis.of(lines.stream().map(Line::y).toList(), fromZero, HEIGHT - BOTTOM, TOP, 5);
    grid(board, x, y);
    for (int i = 0; i < lines.size(); i++) {
      line(board.graphics(), lines.get(i), x, y, new Color(COLOURS[i % COLOURS.length]));
    }
    if (lines.size() > 1) {
      legend(board);
    }
    return board.png();
  }

  private void grid(Board board, Axis x, Axis y) {
    for (double tick : y.ticks()) {
      board.fill(0xe3e3e3, LEFT, y.at(tick) - 0.5, WIDTH - RIGHT - LEFT, 1);
      board.pale(y.label(tick), LEFT - 8, y.at(tick), 12, END);
    }
    for (double tick : x.ticks()) {
      board.fill(0xbbbbbb, x.at(tick) - 0.5, HEIGHT - BOTTOM, 1, 5);
      // A year has no comma.
      String label = xLabel.equals("year") ? x.label(tick).replace(",", "") : x.label(tick);
      board.pale(label, x.at(tick), HEIGHT - BOTTOM + 15, 12, MIDDLE);
    }
    board.fill(0xbbbbbb, LEFT, HEIGHT - BOTTOM - 0.5, WIDTH - RIGHT - LEFT, 1);
    board.text(xLabel, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 16, 13, MIDDLE);
    Graphics2D g = board.graphics();
    var upright = g.getTransform();
    g.rotate(-Math.PI / 2, 16, (TOP + HEIGHT - BOTTOM) / 2.0);
    board.text(yLabel, 16, (TOP + HEIGHT - BOTTOM) / 2.0, 13, MIDDLE);
    g.setTransform(upright);
  }

  private static void line(Graphics2D g, Line line, Axis x, Axis y, Color colour) {
    g.setColor(colour);
    g.setStroke(new BasicStroke(1.8f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    var path = new Path2D.Double();
    boolean pen = false;
    for (int i = 0; i < line.x().length; i++) {
      if (!line.finite(i)) {
        pen = false;
        continue;
      }
      double px = x.at(line.x()[i]);
      double py = y.at(line.y()[i]);
      if (pen) {
        path.lineTo(px, py);
      } else {
        path.moveTo(px, py);
      }
      pen = true;
      if (line.x().length <= 40) {
        g.fill(new Ellipse2D.Double(px - 3, py - 3, 6, 6));
      }
    }
    g.draw(path);
  }

  private void legend(Board board) {
    Graphics2D g = board.graphics();
    double x = LEFT;
    for (int i = 0; i < lines.size(); i++) {
      String name = lines.get(i).name();
      g.setColor(new Color(COLOURS[i % COLOURS.length]));
      g.setStroke(new BasicStroke(3));
      g.draw(new Line2D.Double(x, 45, x + 18, 45));
      board.text(name, x + 25, 45, 13, START);
      x += 25 + Lettering.width(g, name, 13) + 24;
    }
  }
}
