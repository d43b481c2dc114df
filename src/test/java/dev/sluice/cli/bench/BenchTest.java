package dev.sluice.cli.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Samples;
import dev.sluice.nn.Pass;
import dev.sluice.weights.Weights;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BenchTest {
  private static Problem problem(Cell cell, Mode mode, DType type) {
    int side = cell.overFrames() ? 4 : 0;
    int kernel = cell.overFrames() ? 3 : 0;
    return new Problem(cell, mode, 3, 2, 2, 4, 1, false, false, false, side, side, kernel, type, 1);
  }

  @Test
  void everyCellGivesTheGradientOfItsInputAndAllWeights() {
    for (var cell : Cell.values()) {
      try (var device = Device.open("cpu");
          var bench = new Bench(problem(cell, Mode.TRAIN, DType.FLOAT32), device)) {
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

  /** From zeros the first step is a whole sequence; rounds before do not matter. */
  @Test
  void aSessionsFirstStepGivesWhatForwardGives() {
    for (var cell : Cell.values()) {
      try (var device = Device.open("cpu");
          var forward = new Bench(problem(cell, Mode.FORWARD, DType.FLOAT32), device);
          var session = new Bench(problem(cell, Mode.SESSION, DType.FLOAT32), device)) {
        session.round();
        assertArrayEquals(y(forward), y(session), cell.label());
        assertTrue(session.activationBytes() > 0);
      }
    }
  }

  private static float[] y(Bench bench) {
    return (float[]) bench.results().get("y").data();
  }

  /** Two steps with the same input are a sequence in which it comes twice. */
  @Test
  void aSessionCarriesTheStatesOfAllLayers() {
    for (var cell : Cell.values()) {
      try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(1));
          var arena = device.arena();
          var pass = Pass.inference(device)) {
        var network = cell.build(twoLayers(cell, 1), Weights.random(1), arena);
        var both = arena.zeros(DType.FLOAT32, twoLayers(cell, 2).inputShape());
        var values = Samples.floats(2, both.shape().elements() / 2);
        both.slice(0, 1).set(values);
        both.slice(1, 2).set(values);
        var y = network.model().step(pass, both, null).y();
        try (var serving = new Serving(network, both.slice(0, 1))) {
          serving.step();
          assertArrayEquals(y.slice(0, 1).floats(), serving.y().floats(), 1e-6f, cell.label());
          serving.step();
          assertArrayEquals(y.slice(1, 2).floats(), serving.y().floats(), 1e-6f, cell.label());
        }
      }
    }
  }

  private static Problem twoLayers(Cell cell, int steps) {
    int side = cell.overFrames() ? 4 : 0;
    int kernel = cell.overFrames() ? 3 : 0;
    var type = DType.FLOAT32;
    return new Problem(
        cell, Mode.SESSION, steps, 2, 4, 4, 2, false, false, false, side, side, kernel, type, 1);
  }

  /** Rounds add to the weights' gradients; results of one round are those of that round alone. */
  @Test
  void resultsDoNotDependOnTheRoundsBefore() {
    try (var device = Device.open("cpu");
        var bench = new Bench(problem(Cell.LSTM, Mode.TRAIN, DType.FLOAT64), device)) {
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
