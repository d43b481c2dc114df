package dev.sluice.benchmarks;

import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Problem;
import dev.sluice.weights.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A problem's weights, input and results in a temporary file that the peers read. */
record Given(Problem problem, Path file) implements AutoCloseable {
  static Given of(Bench bench) throws IOException {
    var file = Files.createTempFile("sluice-race", ".safetensors");
    Safetensors.write(file, bench.results(), Map.of());
    return new Given(bench.problem(), file);
  }

  /** Lets a peer build the problem and run it once; how much its results differ. */
  double open(Peer peer) {
    var request = new LinkedHashMap<String, Object>();
    request.put("open", file.toString());
    request.put("cell", problem.cell().label());
    request.put("training", problem.training());
    return ((Number) peer.ask(request).get("worst")).doubleValue();
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
