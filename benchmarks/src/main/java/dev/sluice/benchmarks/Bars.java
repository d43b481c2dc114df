package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Ratios as bars with their intervals, on a scale by factors, as SVG; 1 is a line through all. */
record Bars(List<Bar> bars) {
  private static final int LEFT = 300;
  private static final int WIDTH = 860;
  private static final int THICK = 13;

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
    long groups = bars.stream().map(Bar::group).distinct().count();
    int bottom = (int) (44 + 9 * groups + THICK * bars.size());
    var out = new Svg();
    legend(out, names);
    ticks(out, least, most, bottom);
    int y = 44;
    String group = "";
    for (var bar : bars) {
      if (!bar.group().equals(group)) {
        group = bar.group();
        y += 9;
        out.text(LEFT - 8, y + THICK - 2, "end", "", group);
      }
      draw(out, bar, Svg.colour(names.indexOf(bar.name())), y, least, most);
      y += THICK;
    }
    return out.picture(WIDTH, bottom + 30, 11);
  }

  private static void draw(Svg out, Bar bar, String colour, int y, double least, double most) {
    double one = x(1, least, most);
    double end = x(bar.value(), least, most);
    out.add(
        "<rect x='%.1f' y='%d' width='%.1f' height='%d' fill='%s'/>",
        Math.min(one, end), y, Math.abs(end - one), THICK - 3, colour);
    out.add(
        "<path d='M%.1f %dH%.1f' stroke='#222222' stroke-width='1.5'/>",
        x(bar.low(), least, most), y + (THICK - 3) / 2, x(bar.high(), least, most));
    out.text(
        x(Math.max(bar.high(), 1), least, most) + 5,
        y + THICK - 4,
        "start",
        "",
        "%.2f".formatted(bar.value()));
  }

  private static void legend(Svg out, List<String> names) {
    out.text(8, 18, "start", "", "Time of each library over Sluice's; right of 1 Sluice is faster");
    int x = 8;
    for (int i = 0; i < names.size(); i++) {
      out.add("<rect x='%d' y='26' width='14' height='10' fill='%s'/>", x, Svg.colour(i));
      out.text(x + 19, 35, "start", "", names.get(i));
      x += 40 + 7 * names.get(i).length();
    }
  }

  private static void ticks(Svg out, double least, double most, int bottom) {
    for (double tick : new double[] {0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128}) {
      if (tick >= least / 1.01 && tick <= most * 1.01) {
        double x = x(tick, least, most);
        out.add(
            "<path d='M%.1f 44V%d' stroke='%s'/>",
            x, bottom + 4, tick == 1 ? "#222222" : "#dddddd");
        out.text(x, bottom + 18, "middle", "", tick < 1 ? "" + tick : "%.0f".formatted(tick));
      }
    }
  }

  private static double x(double ratio, double least, double most) {
    double share = Math.log(ratio / least) / Math.log(most / least);
    return LEFT + share * (WIDTH - LEFT - 50);
  }
}
