package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.TestDevice;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same seed and the same number of threads give the same bits, in every device. */
class DeterminismTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void anLstmRepeatsItsBits(int threads) {
    repeats(
        threads,
        arena -> Rnn.lstm(37, 65).layers(2).bidirectional().build(Weights.random(5), arena),
        (lstm, pass) -> {
          var x = pass.variable(Shape.of(9, 33, 37), Samples.floats(1, 9 * 33 * 37));
          return List.of(x, lstm.forward(pass, x).y());
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aConvLstmRepeatsItsBits(int threads) {
    repeats(
        threads,
        arena -> new ConvLstm(new ConvLstm.Config(5, 17, 3), Weights.random(5), arena),
        (cell, pass) -> {
          var x = pass.variable(Shape.of(4, 3, 13, 16, 5), Samples.floats(1, 4 * 3 * 13 * 16 * 5));
          return List.of(x, cell.forward(pass, x, null).y());
        });
  }

  private interface Model<L> {
    L in(DeviceArena arena);
  }

  private static <L extends Layer> void repeats(
      int threads, Model<L> model, BiFunction<L, Pass, List<Tensor>> forward) {
    List<float[]> first = null;
    for (int round = 0; round < 4; round++) {
      try (var device = TestDevice.open(threads);
          var arena = device.arena()) {
        var layer = model.in(arena);
        var values = trip(device, layer, forward);
        if (first == null) {
          first = values;
        }
        assertEquals(first.size(), values.size());
        for (int i = 0; i < values.size(); i++) {
          assertArrayEquals(first.get(i), values.get(i), "round " + round + ", part " + i);
        }
      }
    }
  }

  /** y, the gradient of x, the gradients of all parameters. */
  private static <L extends Layer> List<float[]> trip(
      Device device, L layer, BiFunction<L, Pass, List<Tensor>> forward) {
    var values = new ArrayList<float[]>();
    try (var pass = Pass.training(device)) {
      var xy = forward.apply(layer, pass);
      values.add(xy.get(1).floats());
      pass.gradient(xy.get(1)).set(Samples.floats(2, xy.get(1).shape().elements()));
      pass.backward();
      values.add(pass.gradient(xy.get(0)).floats());
    }
    layer.parameters().forEach(p -> values.add(p.gradient().floats()));
    return values;
  }
}
