package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.weights.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;

@EachDevice
class AdamTest extends OnDevice {
  /** weight [1, 2] and bias [1] of a layer. */
  private List<Parameter> parameters() {
    var linear = new Linear(2, 1, DType.FLOAT64, Weights.random(1), arena);
    linear.parameters().get(0).value().set(new double[] {0.5, -1});
    linear.parameters().get(1).value().set(new double[] {2});
    return linear.parameters();
  }

  private static double[] reference(double w, double[] gradients, double rate, Adam.Options o) {
    var weights = new double[gradients.length];
    double m = 0;
    double v = 0;
    for (int t = 1; t <= gradients.length; t++) {
      double g = gradients[t - 1] + o.l2() * w;
      m = o.beta1() * m + (1 - o.beta1()) * g;
      v = o.beta2() * v + (1 - o.beta2()) * g * g;
      double first = m / (1 - Math.pow(o.beta1(), t));
      double second = v / (1 - Math.pow(o.beta2(), t));
      w -= rate * first / (Math.sqrt(second) + o.epsilon());
      weights[t - 1] = w;
    }
    return weights;
  }

  private void follows(Adam.Options options) {
    var parameters = parameters();
    var adam = new Adam(parameters, 0.1, options, arena);
    var gradients = new double[][] {{0.3, -2, 0, 1e-4, 5}, {1, 1, 1, 1, 1}, {-4, 0, 0, 0, 0}};
    var start = new double[] {0.5, -1, 2};
    for (int t = 0; t < 5; t++) {
      parameters.get(0).gradient().set(new double[] {gradients[0][t], gradients[1][t]});
      parameters.get(1).gradient().set(new double[] {gradients[2][t]});
      adam.step();
      var weight = parameters.get(0).value().doubles();
      for (int i = 0; i < 3; i++) {
        double expected = reference(start[i], gradients[i], 0.1, options)[t];
        double got = i < 2 ? weight[i] : parameters.get(1).value().doubles()[0];
        assertEquals(expected, got, 1e-14, "step " + (t + 1) + ", weight " + i);
      }
      assertArrayEquals(new double[2], parameters.get(0).gradient().doubles());
      assertEquals(t + 1, adam.steps());
    }
  }

  @Test
  void followsTheEquations() {
    follows(Adam.Options.DEFAULT);
  }

  @Test
  void followsTheEquationsWithOtherNumbers() {
    follows(new Adam.Options(0.5, 0.9, 0.1, 0.01));
  }

  /** The first step is as long as the rate, whatever the gradient's size. */
  @Test
  void theFirstStepHasTheRatesLength() {
    for (double size : new double[] {1e-3, 1, 1e3}) {
      var parameters = parameters();
      parameters.get(0).gradient().set(new double[] {size, -size});
      new Adam(parameters, 0.01, arena).step();
      assertArrayEquals(new double[] {0.49, -0.99}, parameters.get(0).value().doubles(), 1e-6);
      assertArrayEquals(new double[] {2}, parameters.get(1).value().doubles());
    }
  }

  @Test
  void theRateCanBeChanged() {
    var parameters = parameters();
    var adam = new Adam(parameters, 0.01, arena);
    adam.rate(0);
    parameters.get(0).gradient().set(new double[] {1, 1});
    adam.step();
    assertEquals(0, adam.rate());
    assertArrayEquals(new double[] {0.5, -1}, parameters.get(0).value().doubles());
  }

  /** Its state and its step are all that a checkpoint needs. */
  @Test
  void goesOnFromItsState() {
    var ours = parameters();
    var theirs = parameters();
    var first = new Adam(ours, 0.1, arena);
    for (int t = 0; t < 3; t++) {
      ours.get(0).gradient().set(new double[] {t, -1});
      first.step();
    }
    var second = new Adam(theirs, 0.1, arena);
    assertEquals(
        List.of("weight.exp_avg", "weight.exp_avg_sq", "bias.exp_avg", "bias.exp_avg_sq"),
        List.copyOf(second.state().keySet()));
    first.state().forEach((name, t) -> second.state().get(name).set(t.doubles()));
    second.steps(first.steps());
    for (int p = 0; p < 2; p++) {
      theirs.get(p).value().set(ours.get(p).value().doubles());
      ours.get(p).gradient().set(new double[p == 0 ? 2 : 1]);
    }
    for (var parameters : List.of(ours, theirs)) {
      parameters.get(0).gradient().set(new double[] {0.25, 3});
    }
    first.step();
    second.step();
    assertArrayEquals(ours.get(0).value().doubles(), theirs.get(0).value().doubles());
    assertArrayEquals(ours.get(1).value().doubles(), theirs.get(1).value().doubles());
  }

  @Test
  void findsTheLeastSquares() {
    var linear = new Linear(2, 1, Weights.random(1), arena);
    var adam = new Adam(linear.parameters(), 0.05, arena);
    var samples = Samples.floats(1, 64);
    var targets = new float[32];
    for (int i = 0; i < 32; i++) {
      targets[i] = 3 * samples[2 * i] - 2 * samples[2 * i + 1] + 0.5f;
    }
    float loss = 1;
    for (int step = 0; step < 600; step++) {
      try (var pass = Pass.training(device)) {
        var y = linear.forward(pass, pass.tensor(Shape.of(32, 2), samples));
        var error = Loss.mse().of(pass, y, pass.tensor(Shape.of(32, 1), targets));
        pass.backward(error);
        loss = error.floats()[0];
      }
      adam.step();
    }
    assertTrue(loss < 1e-6, "loss " + loss);
    assertArrayEquals(new float[] {3, -2}, linear.parameters().get(0).value().floats(), 1e-2f);
  }
}
