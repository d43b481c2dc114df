package dev.sluice.benchmarks;

import dev.sluice.cli.bench.Bench;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A problem's weights, input and results in a temporary file that the peers read.
 *
 * @param cell by the name that peers know
 */
record Given(String cell, boolean training, Path file) implements AutoCloseable {
  static Given of(Bench bench) throws IOException {
    var problem = bench.problem();
    return of(problem.cell().label(), problem.training(), bench.results());
  }

  static Given of(String cell, boolean training, Map<String, HostTensor> tensors)
      throws IOException {
    var file = Files.createTempFile("sluice-race", ".safetensors");
    Safetensors.write(file, tensors, Map.of());
    return new Given(cell, training, file);
  }

  /** Lets a peer build the problem and run it once; how much its results differ. */
  double open(Peer peer) {
    var request = new LinkedHashMap<String, Object>();
    request.put("open", file.toString());
    request.put("cell", cell);
    request.put("training", training);
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
