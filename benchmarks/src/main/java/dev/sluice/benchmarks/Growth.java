package dev.sluice.benchmarks;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How a cost grows beside the arithmetic it pays for.
 *
 * @param axis what grows
 * @param at its values, ascending
 * @param work the arithmetic at each, a thread's
 * @param ms the cost at each
 * @param megabytes of activations at each, or null where nobody counted them
 */
record Growth(String axis, double[] at, double[] work, double[] ms, double[] megabytes) {
  /** What {@link #text} means by its words. */
  static final List<String> LEGEND =
      List.of(
          "linear: within 15 % of the cost of arithmetic at its cheapest. 2.0 x: there it costs"
              + " twice as much.",
          "fixed: what is left where a line through the first two points comes to no arithmetic"
              + " at all.");

  private static final double TOLERANCE = 1.15;

  /** Milliseconds at each value if all of the arithmetic were as cheap as it is at best. */
  double[] ideal() {
    double least = IntStream.range(0, ms.length).mapToDouble(this::price).min().orElseThrow();
    return IntStream.range(0, ms.length).mapToDouble(i -> least * work[i]).toArray();
  }

  private double price(int i) {
    return ms[i] / work[i];
  }

  /** Where the cost grows as the arithmetic does, and by how much it is dearer elsewhere. */
  String text() {
    if (work[0] > work[work.length - 1]) { // shared by threads
      return "%.0f %s %.2f times as fast as %.0f"
          .formatted(at[at.length - 1], axis, ms[0] / ms[ms.length - 1], at[0]);
    }
    int last = ms.length - 1;
    int best = IntStream.rangeClosed(0, last).boxed().min(this::cheaper).orElseThrow();
    int from = best;
    int to = best;
    while (from > 0 && times(from - 1) <= TOLERANCE) {
      from--;
    }
    while (to < last && times(to + 1) <= TOLERANCE) {
      to++;
    }
    return "linear %s"
            .formatted(
                from == 0 && to == last
                    ? "throughout"
                    : to == last && from < to
                        ? "from %s %.0f".formatted(axis, at[from])
                        : range(from, to))
        + (from == 0 ? "" : "; %.0f: %.1f x, %.1f ms fixed".formatted(at[0], times(0), fixed()))
        + (to == last ? "" : "; %.0f: %.1f x".formatted(at[last], times(last)) + memory(last));
  }

  private String memory(int i) {
    return megabytes == null ? "" : ", %.0f MB in use".formatted(megabytes[i]);
  }

  private String range(int from, int to) {
    return from == to
        ? "at %s %.0f".formatted(axis, at[from])
        : "in %s %.0f to %.0f".formatted(axis, at[from], at[to]);
  }

  private int cheaper(int i, int j) {
    return Double.compare(price(i), price(j));
  }

  /** How much dearer the arithmetic is than at best. */
  private double times(int i) {
    return ms[i] / ideal()[i];
  }

  /** What the line through the first two points costs without any arithmetic. */
  private double fixed() {
    double slope = (ms[1] - ms[0]) / (work[1] - work[0]);
    return Math.clamp(ms[0] - slope * work[0], 0, ms[0]);
  }
}
