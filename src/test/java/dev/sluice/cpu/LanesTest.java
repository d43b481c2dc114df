package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Samples;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** The vectors' functions against those of the JDK, which reckon in double. */
class LanesTest {
  private static float at(UnaryOperator<FloatVector> function, float x) {
    var result = function.apply(FloatVector.broadcast(Lanes.WIDTH, x));
    for (int lane = 1; lane < Lanes.COUNT; lane++) {
      assertEquals(result.lane(0), result.lane(lane), "lanes differ at " + x);
    }
    return result.lane(0);
  }

  private static void isWithin(
      double bound, UnaryOperator<FloatVector> function, DoubleUnaryOperator exact) {
    for (int i = -25 * 1024; i <= 25 * 1024; i++) {
      float x = i / 1024f;
      assertEquals(exact.applyAsDouble(x), at(function, x), bound, () -> "at " + x);
    }
    for (float x = Float.MIN_VALUE; x < Float.MAX_VALUE / 2; x *= 1.7f) {
      float y = x;
      assertEquals(exact.applyAsDouble(x), at(function, x), bound, () -> "at " + y);
      assertEquals(exact.applyAsDouble(-x), at(function, -x), bound, () -> "at -" + y);
      x = Math.max(x, 1e-45f * 2);
    }
  }

  @Test
  void tanhIsAsCloseAsItSays() {
    isWithin(2.7e-7, Lanes::tanh, Math::tanh);
  }

  @Test
  void sigmoidIsAsCloseAsItSays() {
    isWithin(1.6e-7, Lanes::sigmoid, Reals::sigmoid);
  }

  @Test
  void whatIsSaturatedHasNoSlope() {
    for (float x : new float[] {17, 20, 300, 1e10f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
      assertEquals(1f, at(Lanes::tanh, x));
      assertEquals(-1f, at(Lanes::tanh, -x));
      assertEquals(1f, at(Lanes::sigmoid, x));
      assertEquals(0f, at(Lanes::sigmoid, -x));
    }
  }

  /** Interpreted at first, compiled in the end. */
  @Test
  void sumsHaveTheSameBitsBeforeAndAfterTheyAreCompiled() {
    for (int round = 0; round < 100_000; round++) {
      var values = Samples.floats(round % 1000, Lanes.COUNT);
      float sum = Lanes.sum(FloatVector.fromArray(Lanes.WIDTH, values, 0));
      for (int half = Lanes.COUNT / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; lane++) {
          values[lane] += values[lane + half];
        }
      }
      assertEquals(values[0], sum);
    }
  }

  @Test
  void nanStays() {
    assertTrue(Float.isNaN(at(Lanes::tanh, Float.NaN)));
    assertTrue(Float.isNaN(at(Lanes::sigmoid, Float.NaN)));
  }

  @Test
  void tanhIsOddAndPassesThroughZero() {
    assertEquals(0f, at(Lanes::tanh, 0f));
    assertEquals(0.5f, at(Lanes::sigmoid, 0f));
    for (float x = 1e-6f; x < 12; x *= 1.1f) {
      assertEquals(-at(Lanes::tanh, x), at(Lanes::tanh, -x));
    }
    assertEquals(1, at(Lanes::tanh, 1e-6f) / 1e-6, 1e-6, "small numbers keep their relative size");
  }

  @Test
  void plainSigmoidDoesNotOverflow() {
    assertEquals(0, Reals.sigmoid(-1e6));
    assertEquals(1, Reals.sigmoid(1e6));
    assertEquals(0.5, Reals.sigmoid(0));
    assertTrue(Double.isNaN(Reals.sigmoid(Double.NaN)));
    assertEquals(Math.exp(-700), Reals.sigmoid(-700), 1e-310);
  }
}
