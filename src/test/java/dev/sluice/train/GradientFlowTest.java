package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachDevice
class GradientFlowTest extends OnDevice {
  /** One unit, h_t = max(h_{t-1} / 2 + 1, 0): each step back halves the gradient. */
  @Test
  void aUnitThatHalves() {
    var one = Shape.of(1, 1);
    var weights =
        Weights.of(
            Map.of(
                "weight_ih_l0", new HostTensor(one, new double[] {1}),
                "weight_hh_l0", new HostTensor(one, new double[] {-0.5})));
    var relu = Rnn.relu(1, 1).bias(false).type(DType.FLOAT64).build(weights, arena);
    var x = arena.empty(DType.FLOAT64, Shape.of(4, 1, 1)).set(new double[] {1, 9, 9, 9});
    try (var pass = Pass.training(device)) {
      var flow =
          GradientFlow.of(
              pass,
              relu,
              x,
              h -> {
                pass.gradient(h.getLast()).set(new double[] {8});
                pass.backward();
              });
      assertArrayEquals(new double[] {1, 2, 4, 8}, flow.state());
      assertEquals(0, flow.cell().length);
      var elman = flow.elman().orElseThrow();
      assertArrayEquals(new double[] {1, 2, 4, 8}, elman.sum());
      assertArrayEquals(new double[] {1, 2, 4, 8}, elman.bound());
      assertEquals(0.5, elman.spectral());
      assertEquals(1, elman.slope());
    }
  }

  @Test
  void theBoundHolds() {
    var tanh = Rnn.tanh(3, 6).type(DType.FLOAT64).build(Weights.random(3), arena);
    var x = Samples.tensor(arena, DType.FLOAT64, 1, 9, 4, 3);
    try (var pass = Pass.training(device)) {
      var target = pass.zeros(DType.FLOAT64, Shape.of(4, 6));
      var flow =
          GradientFlow.of(
              pass, tanh, x, h -> pass.backward(Loss.mse().of(pass, h.getLast(), target)));
      var elman = flow.elman().orElseThrow();
      for (int t = 0; t < 9; t++) {
        assertTrue(elman.sum()[t] <= elman.bound()[t] * (1 + 1e-12));
        assertTrue(elman.sum()[t] > 0 && elman.sum()[t] <= flow.state()[t]);
      }
    }
  }

  @Test
  void cellsHaveAFlowOfTheirOwn() {
    var lstm = Rnn.lstm(3, 6).build(Weights.random(3), arena);
    var x = Samples.tensor(arena, DType.FLOAT32, 1, 9, 4, 3);
    try (var pass = Pass.training(device)) {
      var target = pass.zeros(DType.FLOAT32, Shape.of(4, 6));
      var flow =
          GradientFlow.of(
              pass, lstm, x, h -> pass.backward(Loss.mse().of(pass, h.getLast(), target)));
      assertEquals(9, flow.cell().length);
      assertEquals(0, flow.cell()[8]);
      assertTrue(flow.cell()[7] > flow.cell()[0] && flow.cell()[0] > 0);
      assertEquals(Optional.empty(), flow.elman());
    }
    var deep = Rnn.lstm(3, 6).layers(2).build(Weights.random(3), arena);
    try (var pass = Pass.training(device)) {
      assertThrows(IllegalArgumentException.class, () -> GradientFlow.of(pass, deep, x, _ -> {}));
    }
  }

  /** Diagonal times two rotations: the values are known, and the first two are almost equal. */
  @Test
  void theLargestSingularValue() {
    assertEquals(5, SingularValues.largest(new double[] {3, 0, 0, -5}, 2), 1e-15);
    assertEquals(0, SingularValues.largest(new double[4], 2));
    var random = new SplittableRandom(1);
    for (int trial = 0; trial < 50; trial++) {
      double a = 6.3 * random.nextDouble();
      double b = 6.3 * random.nextDouble();
      double s = 2 * (1 - 1e-9);
      double[] m = {
        2 * Math.cos(a) * Math.cos(b) - s * Math.sin(a) * Math.sin(b),
        -2 * Math.cos(a) * Math.sin(b) - s * Math.sin(a) * Math.cos(b),
        2 * Math.sin(a) * Math.cos(b) + s * Math.cos(a) * Math.sin(b),
        -2 * Math.sin(a) * Math.sin(b) + s * Math.cos(a) * Math.cos(b)
      };
      assertEquals(2, SingularValues.largest(m, 2), 1e-14);
    }
  }

  @Test
  void namesTheFirstGradientThatIsNotFinite() {
    var linear = new Linear(2, 3, Weights.random(1), arena);
    assertEquals(Optional.empty(), Gradients.firstNonFinite(linear.parameters()));
    linear.parameters().get(1).gradient().set(0, 0, Float.NaN);
    assertEquals(
        Optional.of("gradient of bias: NaN at [2]"), Gradients.firstNonFinite(linear.parameters()));
    linear.parameters().get(0).gradient().set(0, 0, 0, Float.POSITIVE_INFINITY, 0, 0);
    assertEquals(
        Optional.of("gradient of weight: Infinity at [1, 1]"),
        Gradients.firstNonFinite(List.copyOf(linear.parameters())));
  }
}
