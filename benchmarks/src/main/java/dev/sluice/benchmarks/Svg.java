package dev.sluice.benchmarks;

/** The parts of a picture as SVG. */
final class Svg {
  /** Okabe and Ito's colours, which the colour-blind can tell apart. */
  private static final String[] COLOURS = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"
  };

  private final StringBuilder parts = new StringBuilder();

  static String colour(int index) {
    return COLOURS[index % COLOURS.length];
  }

  void add(String format, Object... values) {
    parts.append(format.formatted(values)).append('\n');
  }

  /** Text whose start, middle or end stands at x. */
  void text(double x, double y, String anchor, String more, String text) {
    add(
        "<text x='%.1f' y='%.1f' text-anchor='%s'%s>%s</text>",
        x, y, anchor, more.isEmpty() ? "" : " " + more, escaped(text));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }

  /** The whole picture, on white. */
  String picture(int width, int height, int fontSize) {
    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d'"
            .formatted(width, height, width, height)
        + " font-family='sans-serif' font-size='%d'>%n".formatted(fontSize)
        + "<rect width='100%' height='100%' fill='white'/>\n"
        + parts
        + "</svg>\n";
  }
}
