package dev.sluice.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitTest {
  private static final int MANY = 1 << 20;

  private static double[] values(Init init, long... dims) {
    return Weights.random(7).takeDoubles("w", Shape.of(dims), init);
  }

  /** E[x^k]. */
  private static double moment(double[] x, int k) {
    return Arrays.stream(x).map(v -> Math.pow(v, k)).average().orElseThrow();
  }

  @Test
  void constants() {
    assertArrayEquals(new double[6], values(Init.zeros(), 2, 3));
    assertArrayEquals(new double[] {-1.5, -1.5}, values(Init.constant(-1.5), 2));
    assertArrayEquals(new double[] {2}, values(Init.constant(2)));
    assertArrayEquals(new double[0], values(Init.normal(1), 0, 3));
  }

  // Bounds are six standard errors of the moment over 2^20 draws.
  @Test
  void uniformHasItsMomentsAndBound() {
    double[] x = values(Init.uniform(0.5), MANY);
    assertEquals(0, moment(x, 1), 6 * Math.sqrt(1 / 12.0 / MANY));
    assertEquals(1 / 12.0, moment(x, 2), 6 * Math.sqrt(1 / 180.0 / MANY));
    double max = Arrays.stream(x).max().orElseThrow();
    double min = Arrays.stream(x).min().orElseThrow();
    assertTrue(max < 0.5 && max > 0.4999 && min >= -0.5 && min < -0.4999);
  }

  @Test
  void normalHasItsMomentsAndTails() {
    double[] x = values(Init.normal(2), MANY);
    assertEquals(0, moment(x, 1), 6 * 2 * Math.sqrt(1.0 / MANY));
    assertEquals(4, moment(x, 2), 6 * 4 * Math.sqrt(2.0 / MANY));
    assertEquals(0, moment(x, 3), 6 * 8 * Math.sqrt(15.0 / MANY));
    assertEquals(48, moment(x, 4), 6 * 16 * Math.sqrt(96.0 / MANY));
    double outside = Arrays.stream(x).filter(v -> Math.abs(v) > 6).count() / (double) MANY;
    assertEquals(0.0026998, outside, 6 * Math.sqrt(0.0027 / MANY));
  }

  @Test
  void neighboursAreUncorrelated() {
    for (Init init : new Init[] {Init.uniform(Math.sqrt(3)), Init.normal(1)}) {
      double[] x = values(init, MANY);
      for (int lag : new int[] {1, 2, 3, 256}) {
        double sum = 0;
        for (int i = lag; i < x.length; i++) {
          sum += x[i] * x[i - lag];
        }
        assertEquals(0, sum / MANY, 6 / Math.sqrt(MANY), init + " lag " + lag);
      }
    }
  }

  @Test
  void xavierUniformIsBoundedByItsFans() {
    double bound = Math.sqrt(6.0 / (30 + 50));
    assertArrayEquals(
        values(Init.uniform(bound), 30, 50), values(Init.xavierUniform(30, 50), 30, 50));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 5", "5, 1", "7, 7", "64, 256", "256, 64", "129, 130"})
  void orthogonalIsOrthonormalOnItsShorterSide(int rows, int cols) {
    double[] q = values(Init.orthogonal(rows, cols), rows, cols);
    boolean byRow = rows <= cols;
    int count = Math.min(rows, cols);
    for (int a = 0; a < count; a++) {
      for (int b = 0; b <= a; b++) {
        double dot = 0;
        for (int i = 0; i < Math.max(rows, cols); i++) {
          dot += byRow ? q[a * cols + i] * q[b * cols + i] : q[i * cols + a] * q[i * cols + b];
        }
        assertEquals(a == b ? 1 : 0, dot, 1e-14);
      }
    }
  }

  /** Without the sign fix, diagonal entries of Q would lean to one side. */
  @Test
  void orthogonalIsUniformOverTheGroup() {
    int trials = 4_000;
    double trace = 0;
    double square = 0;
    int reflections = 0;
    for (int t = 0; t < trials; t++) {
      double[] q = Weights.random(t).takeDoubles("w", Shape.of(2, 2), Init.orthogonal(2, 2));
      trace += q[0] + q[3];
      square += q[0] * q[0];
      reflections += q[0] * q[3] - q[1] * q[2] < 0 ? 1 : 0;
    }
    // E trace = 0, E trace^2 = 1, E q^2 = 1/2, P(det = -1) = 1/2
    assertEquals(0, trace / trials, 6 / Math.sqrt(trials));
    assertEquals(0.5, square / trials, 6 * Math.sqrt(0.125 / trials));
    assertEquals(0.5, reflections / (double) trials, 3 / Math.sqrt(trials));
  }

  @Test
  void orthogonalFillsAnyShapeOfAsManyElements() {
    assertArrayEquals(
        values(Init.orthogonal(4, 18), 4, 18), values(Init.orthogonal(4, 18), 4, 2, 3, 3));
    var e = assertThrows(IllegalArgumentException.class, () -> values(Init.orthogonal(4, 4), 4, 5));
    assertEquals("Init.orthogonal(4, 4): expected 16 elements, got shape [4, 5]", e.getMessage());
  }

  @Test
  void identityOfAnyMatrix() {
    assertArrayEquals(new double[] {2, 0, 0, 0, 2, 0}, values(Init.identity(2), 2, 3));
    assertArrayEquals(new double[] {2, 0, 0, 2, 0, 0}, values(Init.identity(2), 3, 2));
    assertThrows(IllegalArgumentException.class, () -> values(Init.identity(1), 4));
  }

  @Test
  void gatesFillTheirOwnRows() {
    var bias = Init.gates(2, Init.zeros(), Init.constant(1), Init.zeros(), Init.zeros());
    assertArrayEquals(new double[] {0, 0, 1, 1, 0, 0, 0, 0}, values(bias, 8));
    var kernel = Init.gates(2, Init.identity(3), Init.constant(1));
    assertArrayEquals(new double[] {3, 0, 0, 0, 3, 0, 1, 1, 1, 1, 1, 1}, values(kernel, 4, 3));
    double[] two = values(Init.gates(3, Init.orthogonal(3, 3), Init.orthogonal(3, 3)), 6, 3);
    assertFalse(Arrays.equals(Arrays.copyOf(two, 9), Arrays.copyOfRange(two, 9, 18)));
    var e = assertThrows(IllegalArgumentException.class, () -> values(bias, 9));
    assertTrue(e.getMessage().endsWith("expected [8, ...], got shape [9]"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> values(bias));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesScalesThatMakeNoSense(double bad) {
    assertThrows(IllegalArgumentException.class, () -> Init.uniform(bad));
    assertThrows(IllegalArgumentException.class, () -> Init.normal(bad));
    assertThrows(IllegalArgumentException.class, () -> Init.constant(bad + Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Init.identity(bad / 0));
  }

  @Test
  void refusesSizesThatMakeNoSense() {
    assertThrows(IllegalArgumentException.class, () -> Init.xavierUniform(0, 1));
    assertThrows(IllegalArgumentException.class, () -> Init.orthogonal(1, 0));
    assertThrows(IllegalArgumentException.class, () -> Init.gates(0, Init.zeros()));
    assertThrows(IllegalArgumentException.class, () -> Init.gates(1));
    assertThrows(IllegalArgumentException.class, () -> values(Init.zeros(), 1L << 31));
  }

  @Test
  void saysWhatItIs() {
    assertEquals(
        "gates(2, constant(0.0), uniform(0.5))",
        Init.gates(2, Init.zeros(), Init.uniform(0.5)).toString());
  }
}
