package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.Map;
import org.junit.jupiter.api.Test;

@EachDevice
class GhuTest {
  @Test
  void candidateFirstThenGate() {
    var shape = Shape.of(2, 1, 1, 1);
    var weights =
        Weights.of(
            Map.of(
                "x_concat.0.weight",
                new HostTensor(shape, new float[] {0.5f, -2}),
                "z_concat.0.weight",
                new HostTensor(shape, new float[] {-0.25f, 3})));
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var unit = new Ghu(new Ghu.Config(1, 1), DType.FLOAT64, weights, arena);
      weights.requireAllUsed();
      var one = Shape.of(1, 1, 1, 1);
      var x = pass.empty(DType.FLOAT64, one).set(0.75f);
      var before = pass.empty(DType.FLOAT64, one).set(0.5f);
      double p = Math.tanh(0.5 * 0.75 - 0.25 * 0.5);
      double u = 1 / (1 + Math.exp(2 * 0.75 - 3 * 0.5));
      double z = u * p + (1 - u) * 0.5;
      assertArrayEquals(new double[] {z}, unit.step(pass, x, before).doubles(), 1e-15);
      double first = Math.tanh(0.5 * 0.75) / (1 + Math.exp(2 * 0.75));
      assertArrayEquals(new double[] {first}, unit.step(pass, x, null).doubles(), 1e-15);
    }
  }

  @Test
  void layerNormIsOverBothParts() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var frame = new ConvLstm.Config.Frame(4, 6);
      var unit = new Ghu(new Ghu.Config(3, 5, 3, frame), Weights.random(1), arena);
      var names = unit.parameters().stream().map(p -> p.name() + " " + p.value().shape()).toList();
      assertEquals(
          "[z_concat.0.weight [6, 3, 5, 3], z_concat.1.weight [6, 4, 6],"
              + " z_concat.1.bias [6, 4, 6], x_concat.0.weight [6, 3, 5, 3],"
              + " x_concat.1.weight [6, 4, 6], x_concat.1.bias [6, 4, 6]]",
          names.toString());
    }
  }

  @Test
  void refusesAStateOfOtherSizes() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var unit = new Ghu(new Ghu.Config(3, 3), Weights.random(1), arena);
      var x = pass.zeros(DType.FLOAT32, Shape.of(2, 4, 4, 3));
      var z = pass.zeros(DType.FLOAT32, Shape.of(2, 4, 5, 3));
      var e = assertThrows(IllegalArgumentException.class, () -> unit.step(pass, x, z));
      assertEquals(
          "ghu: z: expected [2, 4, 4, 3] ([N, H, W, K]), got [2, 4, 5, 3]", e.getMessage());
    }
  }

  @Test
  void theExampleRuns() {
    try (var device = Device.best();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var highway = new Ghu(new Ghu.Config(16, 5), Weights.random(1), arena);
      var x = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 16));
      var z = highway.forward(pass, x, null); // [10, 2, 32, 32, 16]
      assertEquals(x.shape(), z.shape());
    }
  }
}
