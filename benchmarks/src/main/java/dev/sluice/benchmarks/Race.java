package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Problem;
import dev.sluice.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;

/** Sluice beside a peer on one problem: equal results first, then {@link Turns}. */
final class Race {
  private static final double TOLERANCE = 1e-5;

  private Race() {}

  /**
   * Runs it; the numbers by name.
   *
   * @throws IllegalStateException if the results differ
   */
  static Map<String, Object> run(Problem problem, Device device, Peer peer, int turns)
      throws IOException, InterruptedException {
    var all = new LinkedHashMap<String, Object>();
    try (var bench = new Bench(problem, device)) {
      all.put("worst_difference", difference(bench, peer));
      var sides = new Turns(Turns.Side.of(bench::round), peer, turns);
      all.putAll(sides.report(1e6, "ms"));
    }
    return all;
  }

  /** The largest difference between the results, relative to each result's largest number. */
  private static double difference(Bench bench, Peer peer) throws IOException {
    var problem = bench.problem();
    var file = Files.createTempFile("sluice-race", ".safetensors");
    double worst;
    try {
      Safetensors.write(file, bench.results(), Map.of());
      var request = new LinkedHashMap<String, Object>();
      request.put("open", file.toString());
      request.put("cell", problem.cell().label());
      request.put("training", problem.training());
      worst = ((Number) peer.ask(request).get("worst")).doubleValue();
    } finally {
      Files.delete(file);
    }
    if (!(worst <= TOLERANCE)) {
      throw new IllegalStateException(
          "expected results that differ by at most "
              + TOLERANCE
              + ", got "
              + worst
              + ": "
              + problem);
    }
    return worst;
  }
}
