package dev.sluice.cli.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BenchTest {
  private static Problem problem(Cell cell, boolean training, DType type) {
    int side = cell.overFrames() ? 4 : 0;
    int kernel = cell.overFrames() ? 3 : 0;
    return new Problem(
        cell, training, 3, 2, 2, 4, 1, false, false, false, side, side, kernel, type, 1);
  }

  @Test
  void everyCellGivesTheGradientOfItsInputAndAllWeights() {
    for (var cell : Cell.values()) {
      try (var device = Device.open("cpu");
          var bench = new Bench(problem(cell, true, DType.FLOAT32), device)) {
        bench.round();
        var results = bench.results();
        assertTrue(bench.activationBytes() > 0);
        var inputs = Set.of("y", "dy");
        results.keySet().stream()
            .filter(name -> !name.startsWith("grad.") && !inputs.contains(name))
            .forEach(
                name -> {
                  var gradient = (float[]) results.get("grad." + name).data();
                  double sum = 0;
                  for (float g : gradient) {
                    sum += Math.abs(g);
                  }
                  assertTrue(sum > 0, cell + ": gradient of " + name);
                });
      }
    }
  }

  /** Rounds add to the weights' gradients; results of one round are those of that round alone. */
  @Test
  void resultsDoNotDependOnTheRoundsBefore() {
    try (var device = Device.open("cpu");
        var bench = new Bench(problem(Cell.LSTM, true, DType.FLOAT64), device)) {
      var first = bench.results();
      bench.round();
      var second = bench.results();
      assertEquals(first.keySet(), second.keySet());
      first.forEach(
          (name, tensor) ->
              assertArrayEquals(
                  (double[]) tensor.data(), (double[]) second.get(name).data(), 1e-15, name));
    }
  }
}
