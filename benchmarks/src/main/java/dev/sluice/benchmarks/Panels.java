package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** Curves as SVG, a panel for each question, two beside each other, both axes by factors. */
record Panels(List<Panel> panels) {
  private static final int WIDTH = 800;
  private static final int TOP = 62;
  private static final int PANEL = 300;
  private static final int CHARACTERS = 60;
  private static final int LEFT = 56;
  private static final int RIGHT = 14;
  private static final int PLOT_TOP = 30;
  private static final int PLOT_HEIGHT = 170;

  private static final String BOLD = "font-size='13' font-weight='bold'";

  /**
   * One panel.
   *
   * @param title above it
   * @param axis what runs to the right, with its unit
   * @param lines milliseconds
   */
  record Panel(String title, String axis, List<Line> lines) {
    private DoubleStream all(Function<Growth, double[]> values) {
      return lines.stream().flatMapToDouble(line -> Arrays.stream(values.apply(line.growth)));
    }
  }

  /**
   * One side's.
   *
   * @param name of the side
   * @param growth its points
   */
  record Line(String name, Growth growth) {}

  String svg() {
    var out = new Svg();
    var names = new ArrayList<String>();
    panels.forEach(panel -> panel.lines.forEach(line -> names.add(line.name)));
    var sides = List.copyOf(new LinkedHashSet<>(names));
    legend(out, sides);
    for (int i = 0; i < panels.size(); i++) {
      int x = i % 2 * WIDTH / 2;
      draw(out, panels.get(i), sides, x, TOP + i / 2 * PANEL);
    }
    int bottom = TOP + (panels.size() + 1) / 2 * PANEL;
    for (String line : Growth.LEGEND) {
      bottom += 16;
      out.text(12, bottom - 6, "start", "font-size='11' fill='#555555'", line);
    }
    return out.picture(WIDTH, bottom + 6, 12);
  }

  private static void legend(Svg out, List<String> sides) {
    out.text(12, 18, "start", BOLD, "Milliseconds of a training step");
    int x = 12;
    for (int i = 0; i < sides.size(); i++) {
      out.add("<path d='M%d 37h22' stroke='%s' stroke-width='3'/>", x, Svg.colour(i));
      out.text(x + 28, 41, "start", "", sides.get(i));
      x += 50 + 7 * sides.get(i).length();
    }
    out.add("<path d='M%d 37h22' stroke='#888888' stroke-dasharray='4 3'/>", x);
    out.text(
        x + 28, 41, "start", "", "as Sluice's if its arithmetic were always as cheap as at best");
  }

  private static void draw(Svg out, Panel panel, List<String> sides, int left, int top) {
    var first = panel.lines.getFirst().growth;
    var x = new Scale(first.at(), left + LEFT + 12, left + WIDTH / 2 - RIGHT - 12);
    var y =
        new Scale(
            DoubleStream.concat(panel.all(Growth::ms), Arrays.stream(first.ideal())).toArray(),
            top + PLOT_TOP + PLOT_HEIGHT - 8,
            top + PLOT_TOP + 8);
    frame(out, panel, x, y, left, top);
    path(out, first.at(), first.ideal(), x, y, "stroke='#888888' stroke-dasharray='4 3'");
    int y0 = top + PLOT_TOP + PLOT_HEIGHT + 50;
    for (var line : panel.lines) {
      var colour = Svg.colour(sides.indexOf(line.name));
      path(
          out,
          line.growth.at(),
          line.growth.ms(),
          x,
          y,
          "stroke='" + colour + "' stroke-width='2'");
      for (int p = 0; p < line.growth.at().length; p++) {
        out.add(
            "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>",
            x.at(line.growth.at()[p]), y.at(line.growth.ms()[p]), colour);
      }
      for (String text : broken(line.name + ": " + line.growth.text())) {
        out.text(left + 12, y0, "start", "font-size='11' fill='" + colour + "'", text);
        y0 += 15;
      }
    }
  }

  /** A text in lines that fit beside each other, broken where a part of it ends. */
  private static List<String> broken(String text) {
    var lines = new ArrayList<String>();
    for (String part : text.split("; ")) {
      boolean fits = !lines.isEmpty() && lines.getLast().length() + part.length() < CHARACTERS;
      lines.add(fits ? lines.removeLast() + "; " + part : part);
    }
    return lines;
  }

  private static void frame(Svg out, Panel panel, Scale x, Scale y, int left, int top) {
    int bottom = top + PLOT_TOP + PLOT_HEIGHT;
    int right = left + WIDTH / 2 - RIGHT;
    out.text(left + 12, top + 16, "start", BOLD, panel.title);
    for (double tick : y.ticks()) {
      out.add("<path d='M%d %.1fH%d' stroke='#dddddd'/>", left + LEFT, y.at(tick), right);
      out.text(left + LEFT - 6, y.at(tick) + 4, "end", "", plain(tick));
    }
    for (double tick : panel.lines.getFirst().growth.at()) {
      out.add("<path d='M%.1f %dv5' stroke='#222222'/>", x.at(tick), bottom);
      out.text(x.at(tick), bottom + 17, "middle", "", plain(tick));
    }
    out.add("<path d='M%d %dH%d' stroke='#222222'/>", left + LEFT, bottom, right);
    out.text((left + LEFT + right) / 2.0, bottom + 33, "middle", "", panel.axis);
    double middle = top + PLOT_TOP + PLOT_HEIGHT / 2.0;
    out.text(
        left + 16,
        middle,
        "middle",
        "transform='rotate(-90 %d %.1f)'".formatted(left + 16, middle),
        "ms");
  }

  private static void path(Svg out, double[] at, double[] ms, Scale x, Scale y, String stroke) {
    var path = new StringBuilder();
    for (int i = 0; i < at.length; i++) {
      path.append("%s%.1f %.1f".formatted(i == 0 ? "M" : "L", x.at(at[i]), y.at(ms[i])));
    }
    out.add("<path d='%s' fill='none' %s/>", path, stroke);
  }

  private static String plain(double tick) {
    return tick < 1 ? "%.3g".formatted(tick).replaceAll("0+$", "") : "%.0f".formatted(tick);
  }

  /** Values by their logarithms. */
  private record Scale(double least, double most, double from, double to) {
    Scale(double[] values, double from, double to) {
      this(
          Arrays.stream(values).min().orElseThrow(),
          Arrays.stream(values).max().orElseThrow(),
          from,
          to);
    }

    double at(double value) {
      return from + Math.log(value / least) / Math.log(most / least) * (to - from);
    }

    /** Round values, so close that there are some and so far apart that they can be read. */
    List<Double> ticks() {
      var all = new ArrayList<Double>();
      double range = most / least;
      int[] factors = {1};
      if (range < 4) {
        factors = new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9};
      } else if (range < 300) {
        factors = new int[] {1, 2, 5};
      }
      for (double power = Math.pow(10, Math.floor(Math.log10(least))); power <= most; power *= 10) {
        for (int factor : factors) {
          if (factor * power >= least / 1.05 && factor * power <= most * 1.05) {
            all.add(factor * power);
          }
        }
      }
      return all;
    }
  }
}
