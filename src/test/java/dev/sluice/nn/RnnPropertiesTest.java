package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.HashMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What must hold for every LSTM, whatever its weights; widths that vectors do not divide. */
@EachDevice
class RnnPropertiesTest extends OnDevice {
  private static final int T = 7;
  private static final int N = 5;
  private static final int C = 6;
  private static final int H = 19;

  /** Rounding of float32 sums of some twenty products of numbers below 1. */
  private static final float ROUNDING = 1e-6f;

  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.training(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  private RnnBuilder lstm() {
    return Rnn.lstm(C, H);
  }

  private Tensor x(int steps, int batch, float[] values) {
    return pass.tensor(Shape.of(steps, batch, C), values);
  }

  private static float[] x() {
    return Samples.floats(11, (long) T * N * C);
  }

  /** Rows of the middle axis of [outer, n, inner], in a new order or fewer of them. */
  private static float[] rows(float[] values, int n, int inner, int... which) {
    int outer = values.length / (n * inner);
    var out = new float[outer * which.length * inner];
    for (int o = 0; o < outer; o++) {
      for (int i = 0; i < which.length; i++) {
        int from = (o * n + which[i]) * inner;
        System.arraycopy(values, from, out, (o * which.length + i) * inner, inner);
      }
    }
    return out;
  }

  /** Entries of the outermost axis, each of so many elements. */
  private static float[] steps(float[] values, int each, int from, int to) {
    return Arrays.copyOfRange(values, from * each, to * each);
  }

  private static float[] reversed(float[] values, int each) {
    var out = new float[values.length];
    for (int i = 0; i < values.length / each; i++) {
      System.arraycopy(values, i * each, out, values.length - (i + 1) * each, each);
    }
    return out;
  }

  /** The weights of some parameters under other names. */
  private static Weights weights(Rnn of, String part, UnaryOperator<String> renamed) {
    var state = new HashMap<String, HostTensor>();
    for (var p : of.parameters()) {
      if (p.name().contains(part)) {
        state.put(renamed.apply(p.name()), new HostTensor(p.value().shape(), p.value().floats()));
      }
    }
    return Weights.of(state);
  }

  @Test
  void sequencesOfABatchDoNotSeeEachOther() {
    var lstm = lstm().layers(2).bidirectional().build(Weights.random(1), arena);
    var whole = lstm.forward(pass, x(T, N, x()));
    var some = new int[] {3, 1};
    var part = lstm.forward(pass, x(T, 2, rows(x(), N, C, some)));
    assertArrayEquals(rows(whole.y().floats(), N, 2 * H, some), part.y().floats(), ROUNDING);
    assertArrayEquals(rows(whole.h().floats(), N, H, some), part.h().floats(), ROUNDING);
    assertArrayEquals(rows(whole.c().floats(), N, H, some), part.c().floats(), ROUNDING);
  }

  @Test
  void aPermutedBatchGivesPermutedOutputs() {
    var lstm = lstm().build(Weights.random(2), arena);
    var order = new int[] {4, 2, 0, 1, 3};
    var lengths = new int[] {7, 3, 0, 5, 1};
    var other = new int[] {1, 0, 7, 3, 5};
    var plain = lstm.forward(pass, x(T, N, x()), lengths, null);
    var permuted = lstm.forward(pass, x(T, N, rows(x(), N, C, order)), other, null);
    assertArrayEquals(rows(plain.y().floats(), N, H, order), permuted.y().floats(), ROUNDING);
    assertArrayEquals(rows(plain.c().floats(), N, H, order), permuted.c().floats(), ROUNDING);
  }

  @Test
  void timeCanBeSplitWhereTheStateIsCarried() {
    var lstm = lstm().layers(2).build(Weights.random(3), arena);
    var whole = lstm.forward(pass, x(T, N, x()));
    var first = lstm.forward(pass, x(4, N, steps(x(), N * C, 0, 4)));
    var rest = x(3, N, steps(x(), N * C, 4, 7));
    var second = lstm.forward(pass, rest, null, new Rnn.State(first.h(), first.c()));
    var y = whole.y().floats();
    assertArrayEquals(steps(y, N * H, 0, 4), first.y().floats(), ROUNDING);
    assertArrayEquals(steps(y, N * H, 4, 7), second.y().floats(), ROUNDING);
    assertArrayEquals(whole.h().floats(), second.h().floats(), ROUNDING);
    assertArrayEquals(whole.c().floats(), second.c().floats(), ROUNDING);
  }

  @Test
  void bothDirectionsAreTwoNetworks() {
    var both = lstm().bidirectional().build(Weights.random(4), arena);
    var y = both.forward(pass, x(T, N, x()));
    var ahead = lstm().build(weights(both, "_l0", name -> name), arena);
    var back = lstm().build(weights(both, "_reverse", n -> n.replace("_reverse", "")), arena);
    var forward = ahead.forward(pass, x(T, N, x()));
    var backward = back.forward(pass, x(T, N, reversed(x(), N * C)));
    assertArrayEquals(halves(y.y(), 0), forward.y().floats(), ROUNDING);
    assertArrayEquals(halves(y.y(), 1), reversed(backward.y().floats(), N * H), ROUNDING);
    assertArrayEquals(y.h().at(0).floats(), forward.h().at(0).floats(), ROUNDING);
    assertArrayEquals(y.h().at(1).floats(), backward.h().at(0).floats(), ROUNDING);
    assertArrayEquals(y.c().at(1).floats(), backward.c().at(0).floats(), ROUNDING);
  }

  private static float[] halves(Tensor y, int direction) {
    return rows(y.floats(), 2, H, direction);
  }

  @Test
  void theSecondDirectionStartsAtEachSequencesEnd() {
    var both = lstm().layers(2).bidirectional().build(Weights.random(5), arena);
    var lengths = new int[] {7, 4, 1, 6, 2};
    var y = both.forward(pass, x(T, N, x()), lengths, null);
    for (int n = 0; n < N; n++) {
      var own = steps(rows(x(), N, C, n), C, 0, lengths[n]);
      var alone = both.forward(pass, x(lengths[n], 1, own));
      var row = rows(y.y().floats(), N, 2 * H, n);
      assertArrayEquals(
          alone.y().floats(), steps(row, 2 * H, 0, lengths[n]), ROUNDING, "sequence " + n);
      assertArrayEquals(new float[(T - lengths[n]) * 2 * H], steps(row, 2 * H, lengths[n], T));
      assertArrayEquals(alone.h().floats(), rows(y.h().floats(), N, H, n), ROUNDING);
      assertArrayEquals(alone.c().floats(), rows(y.c().floats(), N, H, n), ROUNDING);
    }
  }

  @Test
  void whatStandsPastTheEndIsNotRead() {
    var both = lstm().bidirectional().build(Weights.random(6), arena);
    var lengths = new int[N];
    Arrays.fill(lengths, T);
    var longer = Arrays.copyOf(x(), (T + 3) * N * C);
    Arrays.fill(longer, T * N * C, longer.length, Float.NaN);
    var plain = both.forward(pass, x(T, N, x()));
    var padded = both.forward(pass, x(T + 3, N, longer), lengths, null);
    var y = padded.y().floats();
    assertArrayEquals(plain.y().floats(), steps(y, N * 2 * H, 0, T), ROUNDING);
    assertArrayEquals(new float[3 * N * 2 * H], steps(y, N * 2 * H, T, T + 3));
    assertArrayEquals(plain.h().floats(), padded.h().floats(), ROUNDING);
    assertArrayEquals(plain.c().floats(), padded.c().floats(), ROUNDING);
  }

  @Test
  void layersAreNetworksOnTopOfEachOther() {
    var deep = lstm().layers(2).bidirectional().build(Weights.random(7), arena);
    var low = lstm().bidirectional().build(weights(deep, "_l0", name -> name), arena);
    var high =
        Rnn.lstm(2 * H, H)
            .bidirectional()
            .build(weights(deep, "_l1", name -> name.replace("_l1", "_l0")), arena);
    var whole = deep.forward(pass, x(T, N, x()));
    var first = low.forward(pass, x(T, N, x()));
    var second = high.forward(pass, first.y());
    assertArrayEquals(whole.y().floats(), second.y().floats(), ROUNDING);
    assertArrayEquals(whole.h().slice(0, 2).floats(), first.h().floats(), ROUNDING);
    assertArrayEquals(whole.h().slice(2, 4).floats(), second.h().floats(), ROUNDING);
    assertArrayEquals(whole.c().slice(2, 4).floats(), second.c().floats(), ROUNDING);
  }

  @Test
  void zeroWeightsGiveZeros() {
    var lstm = lstm().layers(2).bidirectional().build(Weights.random(8), arena);
    lstm.parameters().forEach(p -> p.value().set(new float[(int) p.value().shape().elements()]));
    var out = lstm.forward(pass, x(T, N, x()));
    assertArrayEquals(new float[T * N * 2 * H], out.y().floats());
    assertArrayEquals(new float[4 * N * H], out.c().floats());
    // Gates of one half: c halves with every step, and h = tanh(c) / 2.
    var c0 = pass.tensor(Shape.of(4, 1, H), filled(4 * H, 1));
    var h0 = pass.tensor(Shape.of(4, 1, H), new float[4 * H]);
    var carried = lstm.forward(pass, x(3, 1, new float[3 * C]), null, new Rnn.State(h0, c0));
    assertArrayEquals(filled(4 * H, 0.125f), carried.c().floats(), ROUNDING);
    assertArrayEquals(filled(4 * H, (float) Math.tanh(0.125) / 2), carried.h().floats(), ROUNDING);
  }

  private static float[] filled(int n, float value) {
    var values = new float[n];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void anEmptySequenceKeepsItsState() {
    var lstm = lstm().build(Weights.random(9), arena);
    var h = Samples.floats(20, (long) N * H);
    var c = Samples.floats(21, (long) N * H);
    var state = new Rnn.State(pass.tensor(Shape.of(1, N, H), h), pass.tensor(Shape.of(1, N, H), c));
    var out = lstm.forward(pass, x(T, N, x()), new int[] {0, 2, 0, 7, 0}, state);
    for (int n : new int[] {0, 2, 4}) {
      assertArrayEquals(rows(h, N, H, n), rows(out.h().floats(), N, H, n));
      assertArrayEquals(rows(c, N, H, n), rows(out.c().floats(), N, H, n));
      assertArrayEquals(new float[T * H], rows(out.y().floats(), N, H, n));
    }
  }

  @Test
  void fullLengthsChangeNothing() {
    var lstm = lstm().layers(2).bidirectional().build(Weights.random(10), arena);
    var lengths = new int[] {T, T, T, T, T};
    assertArrayEquals(
        lstm.forward(pass, x(T, N, x())).y().floats(),
        lstm.forward(pass, x(T, N, x()), lengths, null).y().floats());
  }

  /** The gradient of a sum over sequences is the sum of their gradients. */
  @Test
  void gradientsOfABatchAreSums() {
    var lstm = lstm().layers(2).bidirectional().build(Weights.random(11), arena);
    var lengths = new int[] {7, 4, 1, 6, 2};
    var together = gradients(lstm, T, x(), N, lengths);
    var sums = new float[together.length][];
    for (int n = 0; n < N; n++) {
      var own = steps(rows(x(), N, C, n), C, 0, lengths[n]);
      var alone = gradients(lstm, lengths[n], own, 1, null);
      for (int p = 0; p < sums.length; p++) {
        sums[p] = n == 0 ? alone[p] : sum(sums[p], alone[p]);
      }
    }
    assertEquals(16, sums.length);
    for (int p = 0; p < sums.length; p++) {
      assertArrayEquals(together[p], sums[p], 1e-5f, lstm.parameters().get(p).name());
    }
  }

  private static float[] sum(float[] a, float[] b) {
    var sum = a.clone();
    for (int i = 0; i < a.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  /** Gradients of the sum of all outputs. */
  private float[][] gradients(Rnn lstm, int steps, float[] values, int batch, int[] lengths) {
    for (var p : lstm.parameters()) {
      p.gradient().set(new float[(int) p.gradient().shape().elements()]);
    }
    try (var own = Pass.training(device)) {
      var x = own.tensor(Shape.of(steps, batch, C), values);
      var y = lstm.forward(own, x, lengths, null).y();
      own.gradient(y).set(filled((int) y.shape().elements(), 1));
      own.backward();
    }
    return lstm.parameters().stream().map(p -> p.gradient().floats()).toArray(float[][]::new);
  }
}
