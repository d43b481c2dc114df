package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

@EachDevice
class GateProbeTest extends OnDevice {
  private static final double MANY = 1e30;

  private Rnn built(RnnBuilder builder) {
    return builder.build(Weights.random(3), arena);
  }

  private Tensor x(DType type) {
    return Samples.tensor(arena, type, 1, 5, 2, 4);
  }

  private static void set(Parameter parameter, int index, double value) {
    double[] values = parameter.value().doubles();
    values[index] = value;
    parameter.value().set(values);
    parameter.changed();
  }

  private static Parameter parameter(Rnn rnn, String name) {
    return rnn.parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }

  /** The sums give the states that the engine gives, whatever the cell. */
  @Test
  void theSumsAreThoseOfTheEngine() {
    var lstm = Rnn.lstm(4, 3).peephole(true).forgetBias(0.5);
    for (var builder :
        List.of(
            Rnn.tanh(4, 3),
            Rnn.gru(4, 3),
            Rnn.gruResetBefore(4, 3),
            lstm,
            Rnn.lstm(4, 3).peephole(true).cellClip(0.05, CellClip.Mode.STORE),
            Rnn.lstm(4, 3).peephole(true).cellClip(0.05, CellClip.Mode.READ))) {
      var rnn = built(builder.layers(2).bidirectional().type(DType.FLOAT64));
      double[][] before = new double[2][];
      new GateProbe(rnn, x(DType.FLOAT64), new int[] {5, 3}, null)
          .walk(
              step -> {
                boolean first = step.step() == (step.reverse() ? 4 : 0);
                double[] h = first ? new double[6] : before[0];
                double[] c = first ? new double[6] : before[1];
                for (int e = 0; e < 6; e++) {
                  double expected =
                      step.active()[e / 3] ? state(rnn, step.sums(), e, h[e], c[e]) : h[e];
                  assertEquals(expected, step.h()[e], 1e-14, rnn.spec().toString());
                }
                before[0] = step.h();
                before[1] = step.c() == null ? new double[6] : step.c();
                return true;
              });
    }
  }

  /** h after a step, H = 3, from the sums. */
  private static double state(Rnn rnn, double[] sums, int e, double h, double c) {
    int gates = rnn.spec().kind().gates();
    int at = e / 3 * gates * 3 + e % 3;
    return switch (rnn.spec().kind()) {
      case RNN_TANH -> Math.tanh(sums[at]);
      case LSTM -> {
        var clip = rnn.spec().clip();
        double seen = clip.mode() == CellClip.Mode.READ ? clipped(rnn, c) : c;
        double now =
            GateSums.sigmoid(sums[at + 3]) * seen
                + GateSums.sigmoid(sums[at]) * Math.tanh(sums[at + 6]);
        yield GateSums.sigmoid(sums[at + 9]) * Math.tanh(clipped(rnn, now));
      }
      default -> {
        double z = GateSums.sigmoid(sums[at + 3]);
        yield (1 - z) * Math.tanh(sums[at + 6]) + z * h;
      }
    };
  }

  private static double clipped(Rnn rnn, double c) {
    double bound = rnn.spec().clip().bound();
    return Math.max(-bound, Math.min(bound, c));
  }

  @Test
  void theMeanForgetGate() {
    var lstm = built(Rnn.lstm(4, 3).layers(2));
    for (var parameter : lstm.parameters()) {
      parameter.value().set(new double[(int) parameter.value().shape().elements()]);
      parameter.changed();
    }
    var probe = new GateProbe(lstm, x(DType.FLOAT32), null, null);
    assertEquals(0.5, probe.meanForget(), 1e-15);
    for (int j = 3; j < 6; j++) {
      set(parameter(lstm, "bias_ih_l1"), j, 2);
    }
    assertEquals((0.5 + 1 / (1 + Math.exp(-2))) / 2, probe.meanForget(), 1e-7);
    var gru = new GateProbe(built(Rnn.gru(4, 3)), x(DType.FLOAT32), null, null);
    var e = assertThrows(IllegalArgumentException.class, gru::meanForget);
    assertEquals("mean forget gate: expected an LSTM, got GRU_RESET_AFTER", e.getMessage());
  }

  private Optional<String> first(Rnn rnn, Tensor x, int... lengths) {
    return new GateProbe(rnn, x, lengths.length == 0 ? null : lengths, null).firstNonFinite();
  }

  @Test
  void finiteNetworksHaveNothingToReport() {
    for (var builder : List.of(Rnn.lstm(4, 3), Rnn.gru(4, 3), Rnn.relu(4, 3))) {
      var rnn = built(builder.layers(2).bidirectional());
      assertEquals(Optional.empty(), first(rnn, x(DType.FLOAT32), 5, 0));
    }
  }

  @Test
  void namesTheFirstWeight() {
    var rnn = built(Rnn.lstm(4, 3).layers(2));
    set(parameter(rnn, "weight_hh_l1"), 3 * 7 + 2, Double.NaN);
    assertEquals(Optional.of("weight_hh_l1: NaN at [7, 2]"), first(rnn, x(DType.FLOAT32)));
  }

  @Test
  void namesTheData() {
    var x = x(DType.FLOAT32);
    double[] values = x.doubles();
    values[(3 * 2 + 1) * 4 + 2] = Double.NEGATIVE_INFINITY;
    x.set(values);
    var rnn = built(Rnn.gru(4, 3));
    assertEquals(Optional.of("x: -Infinity at [3, 1, 2]"), first(rnn, x));
  }

  /** Weights and data are finite; a product of them is too large for a float. */
  @Test
  void namesLayerStepAndGate() {
    var x = x(DType.FLOAT32);
    double[] values = x.doubles();
    values[(2 * 2 + 1) * 4] = MANY;
    x.set(values);
    var rnn = built(Rnn.lstm(4, 3).layers(2).bidirectional());
    set(parameter(rnn, "weight_ih_l0"), (3 + 2) * 4, MANY);
    assertEquals(Optional.of("layer 0, step 2, gate f: Infinity at [1, 2]"), first(rnn, x));
    set(parameter(rnn, "weight_ih_l0"), (3 + 2) * 4, 0);
    set(parameter(rnn, "weight_ih_l0_reverse"), 9 * 4, -MANY);
    assertEquals(
        Optional.of("layer 0, reverse, step 2, gate o: -Infinity at [1, 0]"), first(rnn, x));
  }

  @Test
  void namesTheLayerAbove() {
    var rnn = built(Rnn.relu(4, 3).layers(2));
    for (int j = 0; j < 3; j++) {
      set(parameter(rnn, "bias_ih_l0"), j, MANY);
      set(parameter(rnn, "weight_ih_l1"), 3 + j, MANY);
    }
    assertEquals(
        Optional.of("layer 1, step 0, gate a: Infinity at [0, 1]"), first(rnn, x(DType.FLOAT32)));
  }
}
