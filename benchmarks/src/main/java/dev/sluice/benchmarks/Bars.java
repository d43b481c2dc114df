package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Ratios as bars with their intervals, on a scale by factors, as SVG; 1 is a line through all. */
record Bars(List<Bar> bars) {
  private static final int LEFT = 300;
  private static final int WIDTH = 860;
  private static final int THICK = 13;
  // Okabe and Ito's colours, which the colour-blind can tell apart.
  private static final String[] COLOURS = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"
  };

  /**
   * One bar.
   *
   * @param group its heading
   * @param name what it is a ratio of
   * @param value how long it is
   * @param low where its interval begins
   * @param high where it ends
   */
  record Bar(String group, String name, double value, double low, double high) {}

  String svg() {
    var names = new ArrayList<>(new LinkedHashSet<>(bars.stream().map(Bar::name).toList()));
    double least = Math.min(0.5, bars.stream().mapToDouble(Bar::low).min().orElse(1));
    double most = Math.max(2, bars.stream().mapToDouble(Bar::high).max().orElse(1));
    var out = new StringBuilder();
    int y = 44;
    String group = "";
    for (var bar : bars) {
      if (!bar.group().equals(group)) {
        group = bar.group();
        y += 9;
        text(out, LEFT - 8, y + THICK - 2, "end", group);
      }
      double one = x(1, least, most);
      double end = x(bar.value(), least, most);
      out.append(
          "<rect x='%.1f' y='%d' width='%.1f' height='%d' fill='%s'/>%n"
              .formatted(
                  Math.min(one, end),
                  y,
                  Math.abs(end - one),
                  THICK - 3,
                  COLOURS[names.indexOf(bar.name()) % COLOURS.length]));
      out.append(
          "<path d='M%.1f %dH%.1f' stroke='#222222' stroke-width='1.5'/>%n"
              .formatted(
                  x(bar.low(), least, most), y + (THICK - 3) / 2, x(bar.high(), least, most)));
      text(
          out,
          x(Math.max(bar.high(), 1), least, most) + 5,
          y + THICK - 4,
          "start",
          "%.2f".formatted(bar.value()));
      y += THICK;
    }
    int height = y + 30;
    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d'"
            .formatted(WIDTH, height, WIDTH, height)
        + " font-family='sans-serif' font-size='11'>\n"
        + "<rect width='100%' height='100%' fill='white'/>\n"
        + legend(names)
        + ticks(least, most, y)
        + out
        + "</svg>\n";
  }

  private static String legend(List<String> names) {
    var out = new StringBuilder();
    text(out, 8, 18, "start", "Time of each library over Sluice's; right of 1 Sluice is faster");
    int x = 8;
    for (int i = 0; i < names.size(); i++) {
      out.append(
          "<rect x='%d' y='26' width='14' height='10' fill='%s'/>%n"
              .formatted(x, COLOURS[i % COLOURS.length]));
      text(out, x + 19, 35, "start", names.get(i));
      x += 40 + 7 * names.get(i).length();
    }
    return out.toString();
  }

  private static String ticks(double least, double most, int bottom) {
    var out = new StringBuilder();
    for (double tick : new double[] {0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128}) {
      if (tick >= least / 1.01 && tick <= most * 1.01) {
        double x = x(tick, least, most);
        out.append(
            "<path d='M%.1f 44V%d' stroke='%s'/>%n"
                .formatted(x, bottom + 4, tick == 1 ? "#222222" : "#dddddd"));
        text(out, x, bottom + 18, "middle", tick < 1 ? "" + tick : "%.0f".formatted(tick));
      }
    }
    return out.toString();
  }

  private static double x(double ratio, double least, double most) {
    double share = Math.log(ratio / least) / Math.log(most / least);
    return LEFT + share * (WIDTH - LEFT - 50);
  }

  private static void text(StringBuilder out, double x, double y, String anchor, String text) {
    var escaped = text.replace("&", "&amp;").replace("<", "&lt;");
    out.append(
        "<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>%n".formatted(x, y, anchor, escaped));
  }
}
