package dev.sluice.cli.bench;

import dev.sluice.Device;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Measures the problems of a suite one after the other, each on a device of its own, and prints a
 * table. A problem whose rounds would take too long on this machine is left out, and said to be.
 *
 * @param suite which
 * @param warmup untimed rounds before each, as {@link Measurement} has them
 * @param rounds timed rounds of each, as {@link Measurement} has them
 * @param most seconds that a round may take, at the rate of a large matrix product
 */
public record SuiteRun(Suite suite, Integer warmup, Integer rounds, double most) {
  /**
   * {@return the reports' numbers, and what was left out}
   *
   * @param open opens a device
   * @param threads that it uses, for the reports
   * @param out gets the table's lines as they come, or null
   */
  public Map<String, Object> on(Supplier<Device> open, int threads, PrintWriter out) {
    var results = new ArrayList<Object>();
    var leftOut = new ArrayList<Object>();
    print(out, Report.heading());
    double peak;
    try (var device = open.get()) {
      peak = ProductPeak.measure(device, suite.problems().getFirst().type());
    }
    for (var problem : suite.problems()) {
      double seconds = problem.flops() / peak / 1e9;
      if (seconds > most) {
        leftOut.add(Map.of("problem", problem.title(), "gflop", problem.flops() / 1e9));
        print(out, leftOut(problem, seconds));
        continue;
      }
      try (var device = open.get()) {
        var report = new Measurement(problem, warmup, rounds).on(device, threads);
        results.add(report.json());
        print(out, report.row());
      }
    }
    return all(results, leftOut);
  }

  private Map<String, Object> all(List<Object> results, List<Object> leftOut) {
    var all = new LinkedHashMap<String, Object>();
    all.put("suite", suite.name().toLowerCase(Locale.ROOT));
    all.put("results", results);
    all.put("left_out", leftOut);
    return all;
  }

  private String leftOut(Problem problem, double seconds) {
    return String.format(
        Locale.ROOT,
        "%-46s left out: at least %.2f s a round, --most is %.2f%n",
        problem.title(),
        seconds,
        most);
  }

  private static void print(PrintWriter out, String line) {
    if (out != null) {
      out.print(line);
      out.flush();
    }
  }
}
