package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Parameter;
import dev.sluice.weights.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@EachDevice
class GradientsTest extends OnDevice {
  /** weight [1, 2] with two gradients and bias [1] with one. */
  private List<Parameter> parameters(DType type, float first, float second, float third) {
    var parameters = new Linear(2, 1, type, Weights.random(1), arena).parameters();
    parameters.get(0).gradient().set(first, second);
    parameters.get(1).gradient().set(third);
    return parameters;
  }

  private static void assertGradients(
      List<Parameter> parameters, double first, double second, double third) {
    var weight = parameters.get(0).gradient().doubles();
    assertArrayEquals(new double[] {first, second}, weight, 1e-6);
    assertArrayEquals(new double[] {third}, parameters.get(1).gradient().doubles(), 1e-6);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void theNormIsThatOfAllTogether(DType type) {
    var parameters = parameters(type, 3, -4, 12);
    assertEquals(13, Gradients.clipNorm(parameters, 6.5), 1e-6);
    assertGradients(parameters, 1.5, -2, 6);
    assertEquals(6.5, Gradients.clipNorm(parameters, 100), 1e-5);
    assertGradients(parameters, 1.5, -2, 6);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void theMaximumNormIsTheLargest(DType type) {
    var parameters = parameters(type, 3, -16, 12);
    assertEquals(16, Gradients.clipMaxNorm(parameters, 4), 1e-6);
    assertGradients(parameters, 0.75, -4, 3);
  }

  @Test
  void valuesAreBoundedOneByOne() {
    var parameters = parameters(DType.FLOAT32, 3, -16, 0.5f);
    Gradients.clipValue(parameters, 1);
    assertGradients(parameters, 1, -1, 0.5);
  }

  /** The factor is max / (norm + 1e-6), in float64 to be seen. */
  @Test
  void theFactorIsPyTorchs() {
    var parameters = parameters(DType.FLOAT64, 1e-6f, 0, 0);
    double norm = Gradients.clipNorm(parameters, 1e-7);
    assertEquals(1e-7 / (norm + 1e-6) * 1e-6f, parameters.get(0).gradient().doubles()[0], 1e-20);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void whatIsNotFiniteIsLeftForTheCallerToSee(float bad) {
    var parameters = parameters(DType.FLOAT32, 3, bad, 12);
    double norm = Gradients.clipNorm(parameters, 1);
    assertTrue(Double.isNaN(bad) ? Double.isNaN(norm) : norm == Double.POSITIVE_INFINITY);
    assertArrayEquals(new float[] {3, bad}, parameters.get(0).gradient().floats());
    assertArrayEquals(new float[] {12}, parameters.get(1).gradient().floats());
    Gradients.clipMaxNorm(parameters, 1);
    assertArrayEquals(new float[] {3, bad}, parameters.get(0).gradient().floats());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN})
  void refusesBoundsThatMakeNoSense(double bound) {
    var parameters = parameters(DType.FLOAT32, 3, 4, 12);
    var e =
        assertThrows(IllegalArgumentException.class, () -> Gradients.clipNorm(parameters, bound));
    assertEquals("clip: expected a norm > 0, got " + bound, e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Gradients.clipMaxNorm(parameters, bound));
    assertThrows(IllegalArgumentException.class, () -> Gradients.clipValue(parameters, bound));
    assertGradients(parameters, 3, 4, 12);
  }

  @Test
  void noParametersHaveNoNorm() {
    assertEquals(0, Gradients.clipNorm(List.of(), 1));
    Gradients.clipValue(List.of(), 1);
  }
}
