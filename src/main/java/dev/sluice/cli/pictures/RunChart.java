package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.END;
import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;
import static dev.sluice.cli.pictures.Lettering.Align.START;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A line chart of things that ran several times: each run a thin pale line, their mean a thick one.
 *
 * @param title above it
 * @param xLabel what runs to the right
 * @param yLabel what runs upwards
 * @param scale of the y axis
 * @param series at least 1
 */
public record RunChart(
    String title, String xLabel, String yLabel, Scale scale, List<Series> series) {
  private static final int WIDTH = 760;
  private static final int PLOT = 264;
  private static final int LEFT = 70;
  private static final int RIGHT = 24;
  private static final int BOTTOM = 56;
  private static final int LEGEND_ROW = 20;
  // Okabe and Ito's colours, which the colour-blind can tell apart.
  private static final int[] COLOURS = {
    0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0x555555, 0xe69f00, 0x56b4e9
  };

  /** How values become heights. */
  public enum Scale {
    /** From the least value to the greatest. */
    LINEAR,
    /** From 0 to the greatest. */
    FROM_ZERO,
    /** By powers of ten; what is not above 0 is left out, and the mean is the geometric one. */
    LOGARITHMIC
  }

  /**
   * One thing that ran; points that are not finite are left out.
   *
   * @param name for the legend
   * @param colour which, from 0
   * @param dashed for what was not measured, such as a bound
   * @param x in rising order
   * @param runs each as long as x or shorter, for a run that ended before
   */
  public record Series(String name, int colour, boolean dashed, double[] x, List<double[]> runs) {
    /** Checks the lengths. */
    public Series {
      runs = List.copyOf(runs);
      for (double[] run : runs) {
        if (run.length > x.length) {
          throw new IllegalArgumentException(
              "RunChart: expected at most %d points of %s, got %d"
                  .formatted(x.length, name, run.length));
        }
      }
    }

    /**
     * {@return a dashed line at one height}
     *
     * @param name for the legend
     * @param colour which, from 0
     * @param from the first x
     * @param to the last x
     * @param y the height
     */
    public static Series level(String name, int colour, double from, double to, double y) {
      return new Series(name, colour, true, new double[] {from, to}, List.of(new double[] {y, y}));
    }

    Color ink() {
      return new Color(COLOURS[colour % COLOURS.length]);
    }
  }

  /** Copies the list. */
  public RunChart {
    series = List.copyOf(series);
  }

  /** {@return the chart as a PNG, sharp on fine screens} */
  public byte[] png() {
    var rows = legendRows();
    int top = 46 + rows.size() * LEGEND_ROW;
    var board = new Board(WIDTH, top + PLOT + BOTTOM, 2);
    board.heading(title, LEFT, 20, 16, START);
    var xs = series.stream().map(Series::x).toList();
    Axis x = Axis.of(xs, false, LEFT, WIDTH - RIGHT, 9);
    Axis y = yAxis(top + PLOT, top);
    grid(board, x, y);
    for (var one : series) {
      draw(board.graphics(), one, x, y);
    }
    legend(board, rows);
    return SmallPng.of(board.image());
  }

  private Axis yAxis(double bottom, double top) {
    var heights = new ArrayList<double[]>();
    for (var one : series) {
      one.runs.forEach(run -> heights.add(Arrays.stream(run).map(this::height).toArray()));
    }
    Axis axis = Axis.of(heights, scale == Scale.FROM_ZERO, bottom, top, 5);
    if (scale != Scale.LOGARITHMIC) {
      return axis;
    }
    // Ticks at whole powers of ten alone.
    double step = Math.max(1, axis.step());
    double low = Math.floor(axis.low() / step + 1e-9) * step;
    double high = Math.max(low + step, Math.ceil(axis.high() / step - 1e-9) * step);
    return new Axis(low, high, step, bottom, top);
  }

  private double height(double value) {
    if (scale != Scale.LOGARITHMIC) {
      return value;
    }
    return value > 0 ? Math.log10(value) : Double.NaN;
  }

  private void grid(Board board, Axis x, Axis y) {
    for (double tick : y.ticks()) {
      board.fill(0xe3e3e3, LEFT, y.at(tick) - 0.5, WIDTH - RIGHT - LEFT, 1);
      String label = scale == Scale.LOGARITHMIC ? power((int) Math.round(tick)) : y.label(tick);
      board.pale(label, LEFT - 8, y.at(tick), 12, END);
    }
    double floor = y.lowAt();
    for (double tick : x.ticks()) {
      board.fill(0xbbbbbb, x.at(tick) - 0.5, floor, 1, 5);
      board.pale(x.label(tick), x.at(tick), floor + 15, 12, MIDDLE);
    }
    board.fill(0xbbbbbb, LEFT, floor - 0.5, WIDTH - RIGHT - LEFT, 1);
    board.text(xLabel, (LEFT + WIDTH - RIGHT) / 2.0, floor + 40, 13, MIDDLE);
    Graphics2D g = board.graphics();
    var upright = g.getTransform();
    double middle = (y.lowAt() + y.highAt()) / 2;
    g.rotate(-Math.PI / 2, 16, middle);
    board.text(yLabel, 16, middle, 13, MIDDLE);
    g.setTransform(upright);
  }

  private static String power(int exponent) {
    return exponent >= -2 && exponent <= 3
        ? (exponent < 0 ? "0." + "0".repeat(-exponent - 1) + "1" : "1" + "0".repeat(exponent))
        : "1e" + exponent;
  }

  private void draw(Graphics2D g, Series one, Axis x, Axis y) {
    if (one.runs.size() > 1) {
      var ink = one.ink();
      g.setColor(new Color(ink.getRed(), ink.getGreen(), ink.getBlue(), 90));
      g.setStroke(stroke(1, one.dashed));
      one.runs.forEach(run -> g.draw(path(one.x, heights(run), x, y)));
    }
    g.setColor(one.ink());
    g.setStroke(stroke(2, one.dashed));
    g.draw(path(one.x, mean(one.runs), x, y));
  }

  private static BasicStroke stroke(float width, boolean dashed) {
    float[] dash = dashed ? new float[] {6, 5} : null;
    return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, dash, 0);
  }

  private double[] heights(double[] run) {
    return Arrays.stream(run).map(this::height).toArray();
  }

  /** The mean height as far as every run goes. */
  private double[] mean(List<double[]> runs) {
    int shortest = runs.stream().mapToInt(run -> run.length).min().orElse(0);
    var mean = new double[shortest];
    for (double[] run : runs) {
      for (int i = 0; i < shortest; i++) {
        mean[i] += height(run[i]) / runs.size();
      }
    }
    return mean;
  }

  private static Path2D path(double[] xs, double[] heights, Axis x, Axis y) {
    var path = new Path2D.Double();
    boolean pen = false;
    for (int i = 0; i < heights.length; i++) {
      boolean finite = Double.isFinite(xs[i]) && Double.isFinite(heights[i]);
      if (finite && pen) {
        path.lineTo(x.at(xs[i]), y.at(heights[i]));
      } else if (finite) {
        path.moveTo(x.at(xs[i]), y.at(heights[i]));
      }
      pen = finite;
    }
    return path;
  }

  /** The names, as many a row as there is room for. */
  private List<List<Series>> legendRows() {
    Graphics2D g = new Board(1, 1, 1).graphics();
    var rows = new ArrayList<List<Series>>();
    double x = WIDTH;
    for (var one : series) {
      double width = 49 + Lettering.width(g, one.name, 13);
      if (x + width > WIDTH - RIGHT + 24) {
        rows.add(new ArrayList<>());
        x = LEFT;
      }
      rows.getLast().add(one);
      x += width;
    }
    return rows;
  }

  private void legend(Board board, List<List<Series>> rows) {
    Graphics2D g = board.graphics();
    double y = 45;
    for (var row : rows) {
      double x = LEFT;
      for (var one : row) {
        g.setColor(one.ink());
        g.setStroke(stroke(3, one.dashed));
        g.draw(new Line2D.Double(x, y, x + 18, y));
        board.text(one.name, x + 25, y, 13, START);
        x += 49 + Lettering.width(g, one.name, 13);
      }
      y += LEGEND_ROW;
    }
  }
}
