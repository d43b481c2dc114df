package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.weights.Weights;
import org.junit.jupiter.api.Test;

@EachDevice
class ActivationTest {
  private static double[] of(Activation activation, double... x) {
    try (var device = TestDevice.open();
        var pass = Pass.inference(device)) {
      var tensor = pass.empty(DType.FLOAT64, Shape.of(1, x.length)).set(x);
      return activation.of(pass, tensor).doubles();
    }
  }

  @Test
  void valuesByHand() {
    assertArrayEquals(
        new double[] {0, 0.5, 1 / (1 + Math.exp(-1)), 1},
        of(Activation.SIGMOID, -1000, 0, 1, 1000),
        1e-15);
    assertArrayEquals(new double[] {-1, 0, 1}, of(Activation.TANH, -1000, 0, 1000));
    assertArrayEquals(new double[] {0, 0, 3}, of(Activation.RELU, -2, 0, 3));
    assertArrayEquals(
        new double[] {0, 0.3, 0.5, 1}, of(Activation.HARD_SIGMOID, -2.6, -1, 0, 2.6), 1e-15);
    assertArrayEquals(
        new double[] {0, 1 / 3.0, 0.5, 1},
        of(Activation.HARD_SIGMOID_KERAS3, -3.1, -1, 0, 3.1),
        1e-15);
  }

  @Test
  void softmaxSumsToOneWithoutOverflow() {
    double[] y = of(Activation.SOFTMAX, 1000, 1000 + Math.log(3), -1000);
    assertArrayEquals(new double[] {0.25, 0.75, 0}, y, 1e-12);
  }

  /** What other libraries wrap in a layer is a shape here. */
  @Test
  void layersApplyToEveryStepAndFlatteningIsAView() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.training(device)) {
      var dense = new Linear(6, 2, DType.FLOAT64, Weights.random(1), arena);
      var x = new double[24];
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.sin(i);
      }
      var steps = pass.watch(pass.empty(DType.FLOAT64, Shape.of(4, 3, 2)).set(x));
      var flat = steps.reshape(Shape.of(4, 6));
      var y = dense.forward(pass, flat);
      for (int t = 0; t < 4; t++) {
        var one = dense.forward(pass, flat.slice(t, t + 1));
        assertArrayEquals(one.doubles(), y.at(t).doubles(), 1e-15);
      }
      pass.gradient(y).set(new double[] {1, 0, 0, 0, 0, 0, 0, 0});
      pass.backward();
      double[] w = dense.parameters().getFirst().value().doubles();
      double[] dx = pass.gradient(steps).doubles();
      for (int i = 0; i < dx.length; i++) {
        assertEquals(i < 6 ? w[i] : 0, dx[i], 1e-15);
      }
    }
  }
}
