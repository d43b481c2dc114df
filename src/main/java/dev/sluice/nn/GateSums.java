package dev.sluice.nn;

import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.Kind;
import java.util.List;

/** The sums that go into the gates of one step, of one layer in one direction, in double. */
final class GateSums {
  private final RnnSpec spec;
  private final double[] input;
  private final double[] recurrent;
  private final double[] inputBias;
  private final double[] recurrentBias;
  private final double[] peephole;

  GateSums(Rnn strand) {
    spec = strand.spec();
    input = values(strand, "weight_ih");
    recurrent = values(strand, "weight_hh");
    inputBias = values(strand, "bias_ih");
    recurrentBias = values(strand, "bias_hh");
    peephole = values(strand, "weight_p");
  }

  private static double[] values(Rnn strand, String prefix) {
    return strand.all().stream()
        .filter(parameter -> parameter.name().startsWith(prefix))
        .findFirst()
        .map(parameter -> parameter.value().doubles())
        .orElse(null);
  }

  /** The gates' letters, in the order of the blocks. */
  static List<String> names(Kind kind) {
    return switch (kind) {
      case LSTM -> List.of("i", "f", "g", "o");
      case GRU_RESET_AFTER, GRU_RESET_BEFORE -> List.of("r", "z", "n");
      case RNN_TANH, RNN_RELU -> List.of("a");
    };
  }

  /**
   * {@return [N, G, H]}
   *
   * @param batch N
   * @param x [1, N, C]
   * @param state before, [1, N, ...] each; null for zeros
   */
  double[] of(int batch, Tensor x, Rnn.State state) {
    int hidden = spec.hidden();
    int gates = spec.kind().gates();
    var xs = x.doubles();
    var h =
        state == null || state.h() == null
            ? new double[batch * spec.output()]
            : state.h().doubles();
    var c = state == null || state.c() == null ? new double[batch * hidden] : state.c().doubles();
    var sums = new double[batch * gates * hidden];
    for (int n = 0; n < batch; n++) {
      int at = n * gates * hidden;
      for (int row = 0; row < (isGru() ? 2 : gates) * hidden; row++) {
        sums[at + row] = fromInput(row, xs, n) + fromState(row, h, n);
      }
      if (isGru()) {
        addCandidate(sums, at, xs, h, n);
      } else if (spec.kind() == Kind.LSTM) {
        addCell(sums, at, c, n);
      }
    }
    return sums;
  }

  private boolean isGru() {
    return spec.kind() == Kind.GRU_RESET_AFTER || spec.kind() == Kind.GRU_RESET_BEFORE;
  }

  private double fromInput(int row, double[] x, int n) {
    double bias = inputBias == null ? 0 : inputBias[row];
    return bias + dot(input, row, x, n * spec.input(), spec.input());
  }

  private double fromState(int row, double[] h, int n) {
    double bias = recurrentBias == null ? 0 : recurrentBias[row];
    return bias + dot(recurrent, row, h, n * spec.output(), spec.output());
  }

  private static double dot(double[] matrix, int row, double[] vector, int at, int count) {
    double sum = 0;
    for (int k = 0; k < count; k++) {
      sum += matrix[row * count + k] * vector[at + k];
    }
    return sum;
  }

  /** n of a GRU waits for r. */
  private void addCandidate(double[] sums, int at, double[] x, double[] h, int n) {
    int hidden = spec.hidden();
    boolean after = spec.kind() == Kind.GRU_RESET_AFTER;
    var rh = h.clone();
    for (int j = 0; j < hidden && !after; j++) {
      rh[n * hidden + j] *= sigmoid(sums[at + j]);
    }
    for (int j = 0; j < hidden; j++) {
      double r = after ? sigmoid(sums[at + j]) : 1;
      int row = 2 * hidden + j;
      sums[at + row] = fromInput(row, x, n) + r * fromState(row, rh, n);
    }
  }

  /** The constant of the forget gate and the peepholes of i, f and o, which sees the new cell. */
  private void addCell(double[] sums, int at, double[] c, int n) {
    int hidden = spec.hidden();
    for (int j = 0; j < hidden; j++) {
      double before =
          spec.clip().mode() == RnnSpec.CellClip.Mode.READ
              ? clipped(c[n * hidden + j])
              : c[n * hidden + j];
      double i = sums[at + j] + peephole(0, j) * before;
      double f = sums[at + hidden + j] + peephole(1, j) * before + spec.forgetBias();
      double after =
          clipped(sigmoid(f) * before + sigmoid(i) * Math.tanh(sums[at + 2 * hidden + j]));
      sums[at + j] = i;
      sums[at + hidden + j] = f;
      sums[at + 3 * hidden + j] += peephole(2, j) * after;
    }
  }

  private double peephole(int gate, int j) {
    return peephole == null ? 0 : peephole[gate * spec.hidden() + j];
  }

  private double clipped(double c) {
    double bound = spec.clip().bound();
    return Math.max(-bound, Math.min(bound, c));
  }

  static double sigmoid(double a) {
    double e = Math.exp(-Math.abs(a));
    return a >= 0 ? 1 / (1 + e) : e / (1 + e);
  }
}
