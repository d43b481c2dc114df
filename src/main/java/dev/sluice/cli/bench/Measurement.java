package dev.sluice.cli.bench;

import dev.sluice.Device;

/**
 * A problem and how often it is run.
 *
 * @param problem what to run
 * @param warmup untimed rounds; null for as many as the mode needs
 * @param rounds timed rounds; null for as many as the mode needs
 */
public record Measurement(Problem problem, Integer warmup, Integer rounds) {
  /** Checks the counts. */
  public Measurement {
    if (warmup != null && warmup < 0) {
      throw new IllegalArgumentException("--warmup: expected 0 or more, got " + warmup);
    }
    if (rounds != null && rounds < 1) {
      throw new IllegalArgumentException("--rounds: expected 1 or more, got " + rounds);
    }
  }

  /**
   * {@return what was measured; the results of a first round were seen to be finite}
   *
   * @param device where it runs
   * @param threads that it uses, for the report
   */
  public Report on(Device device, int threads) {
    try (var bench = new Bench(problem, device)) {
      bench.results();
      double peak = ProductPeak.measure(device, problem.type());
      device.resetHighWater();
      int before = warmup == null ? problem.mode().warmUp(bench::round) : warmup;
      var timing =
          Timing.of(
              bench::round,
              warmup == null ? 0 : warmup,
              rounds == null ? problem.mode().rounds() : rounds);
      return new Report(
          problem,
          device.engine(),
          device.math(),
          threads,
          before,
          timing,
          peak,
          device.memory().highWater() + bench.scratchBytes(),
          bench.activationBytes(),
          Versions.engine(device.engine()),
          device.backend().choices());
    }
  }
}
