package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Shape;
import dev.sluice.nn.Parameter;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Three steps of one weight from 1, along gradients 1, -3 and 0.5, against the equations. */
@EachDevice
class OptimiserStepsTest extends OnDevice {
  private static final double[] GRADIENTS = {1, -3, 0.5};

  private void follows(
      BiFunction<List<Parameter>, DeviceArena, Optimiser> make, double... expected) {
    var value = arena.empty(DType.FLOAT64, Shape.of(1)).set(new double[] {1});
    var parameter = new Parameter("w", value);
    var optimiser = make.apply(List.of(parameter), arena);
    for (int t = 0; t < 3; t++) {
      parameter.gradient().set(new double[] {GRADIENTS[t]});
      optimiser.step();
      assertEquals(expected[t], value.doubles()[0], 1e-14, "step " + (t + 1));
      assertEquals(0, parameter.gradient().doubles()[0]);
    }
    assertEquals(3, optimiser.steps());
    assertEquals(3, parameter.version());
  }

  private static BiFunction<List<Parameter>, DeviceArena, Optimiser> sgd(
      double momentum, double dampening, double l2, boolean nesterov) {
    var options = new Sgd.Options(momentum, dampening, l2, nesterov);
    return (parameters, arena) -> new Sgd(parameters, 0.1, options, arena);
  }

  @Test
  void descent() {
    follows((parameters, arena) -> new Sgd(parameters, 0.1, arena), 0.9, 1.2, 1.15);
    // g = 1 + 0.5, -3 + 0.425, 0.5 + 0.55375.
    follows(sgd(0, 0, 0.5, false), 0.85, 1.1075, 1.002125);
  }

  /** b = 1, then -3 + 0.9 = -2.1, then 0.5 - 1.89 = -1.39; damped 1, -1.8, -1.17. */
  @Test
  void theMomentumStartsAtTheGradient() {
    follows(sgd(0.9, 0, 0, false), 0.9, 1.11, 1.249);
    follows(sgd(0.9, 0.1, 0, false), 0.9, 1.08, 1.197);
  }

  /** d = g + 0.9 b = 1.9, -4.89, -0.751. */
  @Test
  void nesterovLooksAhead() {
    follows(sgd(0.9, 0, 0, true), 0.81, 1.299, 1.3741);
  }

  @Test
  void refusesRatesThatLeadNowhere() {
    var adam = new Adam(List.of(), 0, arena);
    var e = assertThrows(IllegalArgumentException.class, () -> adam.rate(Double.NaN));
    assertEquals("adam: expected a rate >= 0, got NaN", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new Sgd(List.of(), -1, arena));
  }

  @Test
  void refusesNesterovWithoutMomentum() {
    var e = assertThrows(IllegalArgumentException.class, () -> new Sgd.Options(0.9, 0.1, 0, true));
    assertEquals(
        "sgd: Nesterov: expected a momentum and no dampening, got 0.9 and 0.1", e.getMessage());
  }

  private static BiFunction<List<Parameter>, DeviceArena, Optimiser> rms(
      double epsilon, boolean inside, double momentum, boolean centred) {
    var options = new RmsProp.Options(0.5, epsilon, inside, 0, momentum, centred);
    return (parameters, arena) -> new RmsProp(parameters, 0.1, options, arena);
  }

  /** v = 0.5, 4.75, 2.5. */
  @Test
  void rootMeanSquare() {
    double a = 1 - 0.1 / (Math.sqrt(0.5) + 0.2);
    double b = a + 0.3 / (Math.sqrt(4.75) + 0.2);
    follows(rms(0.2, false, 0, false), a, b, b - 0.05 / (Math.sqrt(2.5) + 0.2));
  }

  @Test
  void rootMeanSquareOfKeras() {
    double a = 1 - 0.1 / Math.sqrt(0.7);
    double b = a + 0.3 / Math.sqrt(4.95);
    follows(rms(0.2, true, 0, false), a, b, b - 0.05 / Math.sqrt(2.7));
  }

  /** Means 0.5, -1.25, -0.375; variances 0.25, 3.1875, 2.359375. */
  @Test
  void centredRootMeanSquareWithMomentum() {
    double d = 1 / 0.5;
    double a = 1 - 0.1 * d;
    d = 0.9 * d - 3 / Math.sqrt(3.1875);
    double b = a - 0.1 * d;
    d = 0.9 * d + 0.5 / Math.sqrt(2.359375);
    follows(rms(0, false, 0.9, true), a, b, b - 0.1 * d);
  }

  private static BiFunction<List<Parameter>, DeviceArena, Optimiser> adam(Adam.Options options) {
    return (parameters, arena) -> new Adam(parameters, 0.1, options, arena);
  }

  /** Betas of 1/2: m = 0.5, -1.25, -0.375 and v = 0.5, 4.75, 2.5, over 1/2, 3/4, 7/8. */
  private static double[] adam(double decay, double[] v, double[] epsilon) {
    var m = new double[] {0.5, -1.25, -0.375};
    var unbiased = new double[] {0.5, 0.75, 0.875};
    var expected = new double[3];
    double w = 1;
    for (int t = 0; t < 3; t++) {
      w *= 1 - 0.1 * decay;
      w -= 0.1 * m[t] / unbiased[t] / (Math.sqrt(v[t] / unbiased[t]) + epsilon[t]);
      expected[t] = w;
    }
    return expected;
  }

  private static final double[] SQUARES = {0.5, 4.75, 2.5};
  private static final double[] EPSILON = {0.2, 0.2, 0.2};

  @Test
  void decayApartFromTheGradient() {
    var options = new Adam.Options(0.5, 0.5, 0.2, 0).decay(0.3);
    follows(adam(options), adam(0.3, SQUARES, EPSILON));
  }

  /** The raw v is kept, not the one without its bias. */
  @Test
  void amsgradKeepsTheLargestSquare() {
    var options = new Adam.Options(0.5, 0.5, 0.2, 0).withAmsgrad();
    follows(adam(options), adam(0, new double[] {0.5, 4.75, 4.75}, EPSILON));
  }

  @Test
  void theEpsilonOfKerasStandsBesideTheRawRoot() {
    var options = new Adam.Options(0.5, 0.5, 0.2, 0, 0, false, true);
    var hat = new double[] {0.2 / Math.sqrt(0.5), 0.2 / Math.sqrt(0.75), 0.2 / Math.sqrt(0.875)};
    follows(adam(options), adam(0, SQUARES, hat));
  }

  @Test
  void theStateIsNamedAsInPyTorch() {
    var parameter = new Parameter("w", arena.zeros(DType.FLOAT32, Shape.of(2)));
    var adam = new Adam(List.of(parameter), 0.1, Adam.Options.DEFAULT.withAmsgrad(), arena);
    assertArrayEquals(
        new Object[] {"w.exp_avg", "w.exp_avg_sq", "w.max_exp_avg_sq"},
        adam.state().keySet().toArray());
    assertEquals(0, new Sgd(List.of(parameter), 0.1, arena).state().size());
  }
}
