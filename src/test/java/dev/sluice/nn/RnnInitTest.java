package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

@EachDevice
class RnnInitTest extends OnDevice {
  private static final int H = 40;

  private Rnn built(RnnBuilder builder, RnnInit init) {
    return builder.type(DType.FLOAT64).init(init).build(Weights.random(4), arena);
  }

  private static double[] values(Rnn rnn, String name) {
    return rnn.parameters().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow()
        .value()
        .doubles();
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  /** That values are uniform within a bound: the largest is near it, and so is the variance. */
  private static void assertUniform(double bound, double[] values) {
    assertTrue(largest(values) <= bound);
    double variance = Arrays.stream(values).map(v -> v * v).average().orElseThrow();
    // Six standard errors of the second moment.
    double error = 6 * bound * bound * Math.sqrt(4 / 45.0 / values.length);
    assertEquals(bound * bound / 3, variance, error);
  }

  @Test
  void pytorchDrawsEverythingFromTheHiddenSize() {
    var rnn = built(Rnn.lstm(30, H).projection(7), RnnInit.PYTORCH);
    for (var parameter : rnn.parameters()) {
      assertUniform(1 / Math.sqrt(H), parameter.value().doubles());
    }
  }

  @Test
  void kerasKernelsCountAllGates() {
    var rnn = built(Rnn.gru(30, H), RnnInit.KERAS);
    assertUniform(Math.sqrt(6.0 / (30 + 3 * H)), values(rnn, "weight_ih_l0"));
    assertEquals(0, largest(values(rnn, "bias_ih_l0")));
    assertEquals(0, largest(values(rnn, "bias_hh_l0")));
  }

  /** Columns of [G H, H] are orthonormal; those of one gate's block are not. */
  @Test
  void kerasRecurrentKernelsAreOrthogonalAsAWhole() {
    double[] w = values(built(Rnn.lstm(30, H), RnnInit.KERAS), "weight_hh_l0");
    for (int a = 0; a < H; a++) {
      for (int b = 0; b <= a; b++) {
        assertEquals(a == b ? 1 : 0, dot(w, 4 * H, a, b), 1e-12);
      }
    }
    assertTrue(dot(w, H, 0, 0) < 0.9);
  }

  private static double dot(double[] w, int rows, int a, int b) {
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += w[row * H + a] * w[row * H + b];
    }
    return sum;
  }

  private static double[] forget(Rnn rnn, String name) {
    return Arrays.copyOfRange(values(rnn, name), H, 2 * H);
  }

  @Test
  void theUnitForgetBiasIsThereOnceAndNotTwice() {
    var ones = new double[H];
    Arrays.fill(ones, 1);
    for (var init : new RnnInit[] {RnnInit.KERAS, RnnInit.PYTORCH.unitForgetBias()}) {
      var rnn = built(Rnn.lstm(30, H).bidirectional(), init);
      for (var suffix : new String[] {"_l0", "_l0_reverse"}) {
        assertArrayEquals(ones, forget(rnn, "bias_ih" + suffix));
        assertArrayEquals(new double[H], forget(rnn, "bias_hh" + suffix));
      }
    }
    var torch = built(Rnn.lstm(30, H), RnnInit.PYTORCH.unitForgetBias());
    assertUniform(1 / Math.sqrt(H), Arrays.copyOf(values(torch, "bias_ih_l0"), H));
    assertUniform(1 / Math.sqrt(H), Arrays.copyOf(values(torch, "bias_hh_l0"), H));
  }

  @Test
  void irnnRepeatsItsState() {
    var rnn = built(Rnn.relu(30, H), RnnInit.named("irnn"));
    double[] w = values(rnn, "weight_hh_l0");
    for (int e = 0; e < w.length; e++) {
      assertEquals(e / H == e % H ? 1 : 0, w[e]);
    }
    double[] x = values(rnn, "weight_ih_l0");
    double variance = Arrays.stream(x).map(v -> v * v).average().orElseThrow();
    assertEquals(1e-6, variance, 6e-6 * Math.sqrt(2.0 / x.length));
    assertEquals(0, largest(values(rnn, "bias_ih_l0")));
  }

  private String refusal(RnnBuilder builder, RnnInit init) {
    return assertThrows(IllegalArgumentException.class, () -> built(builder, init)).getMessage();
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertEquals(
        "rnn: irnn initialisation: expected a network of max(a, 0), got LSTM",
        refusal(Rnn.lstm(3, 2), RnnInit.IRNN));
    assertEquals(
        "rnn: unit forget bias: expected an LSTM, got GRU_RESET_AFTER",
        refusal(Rnn.gru(3, 2), RnnInit.KERAS.unitForgetBias()));
    var e = assertThrows(IllegalArgumentException.class, () -> RnnInit.named("glorot"));
    assertEquals(
        "rnn: initialisation: expected one of [irnn, keras, pytorch], got glorot", e.getMessage());
  }
}
