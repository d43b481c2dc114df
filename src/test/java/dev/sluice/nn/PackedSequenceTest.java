package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences without padding give what padded ones give. */
@EachDevice
class PackedSequenceTest extends OnDevice {
  private static final int T = 6;
  private static final int N = 5;
  private static final int C = 3;
  private static final int[] LENGTHS = {2, 5, 0, 5, 1};

  @Test
  void rowsGoStepByStepTheLongestFirst() {
    try (var pass = Pass.training(device)) {
      var values = new float[] {10, 20, 30, 11, 21, 31, 12, 22, 32};
      var x = pass.variable(Shape.of(3, 3, 1), values);
      var packed = PackedSequence.of(pass, x, new int[] {1, 3, 1});
      assertArrayEquals(new float[] {20, 10, 30, 21, 22}, packed.rows().floats());
      var y = packed.padded(pass);
      assertArrayEquals(new float[] {10, 20, 30, 0, 21, 0, 0, 22, 0}, y.floats());
      pass.gradient(y).set(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
      pass.backward();
      assertArrayEquals(new float[] {1, 2, 3, 0, 5, 0, 0, 8, 0}, pass.gradient(x).floats());
    }
  }

  /** What comes out of a training pass: y padded, the states, and every gradient. */
  private List<float[]> trip(Rnn rnn, boolean packed, boolean states) {
    try (var pass = Pass.training(device, 3)) {
      var x = pass.variable(Shape.of(T, N, C), Samples.floats(1, T * N * C));
      var initial = states ? initial(pass, rnn) : null;
      Tensor y;
      Tensor h;
      Tensor c;
      if (packed) {
        var out = rnn.forward(pass, PackedSequence.of(pass, x, LENGTHS), initial);
        y = out.y().padded(pass);
        h = out.h();
        c = out.c();
      } else {
        var out = rnn.forward(pass, x, LENGTHS, initial);
        y = out.y().slice(0, 5);
        h = out.h();
        c = out.c();
      }
      var results = new ArrayList<float[]>();
      for (var tensor : new Tensor[] {y, h, c}) {
        if (tensor != null) {
          results.add(tensor.floats());
          var gradient = pass.gradient(tensor);
          gradient.set(Samples.floats(9 + results.size(), gradient.shape().elements()));
        }
      }
      pass.backward();
      results.add(pass.gradient(x).floats());
      if (states) {
        results.add(pass.gradient(initial.h()).floats());
      }
      for (var parameter : rnn.parameters()) {
        results.add(parameter.gradient().floats());
        parameter.gradient().set(new float[(int) parameter.gradient().shape().elements()]);
      }
      return results;
    }
  }

  private static Rnn.State initial(Pass pass, Rnn rnn) {
    var spec = rnn.spec();
    long strands = (long) spec.layers() * spec.directions();
    var h = Shape.of(strands, N, spec.output());
    var c = Shape.of(strands, N, spec.hidden());
    return new Rnn.State(
        pass.variable(h, Samples.floats(5, h.elements())),
        spec.kind().states() > 1 ? pass.variable(c, Samples.floats(6, c.elements())) : null);
  }

  private static List<RnnBuilder> networks() {
    return List.of(
        Rnn.lstm(C, 4),
        Rnn.lstm(C, 5).layers(2).bidirectional().projection(2),
        Rnn.gru(C, 4).layers(2).bidirectional(),
        Rnn.gruResetBefore(C, 4),
        Rnn.tanh(C, 4).bias(false),
        Rnn.lstm(C, 4).layers(3).dropout(0.5));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void packedAndPaddedAgree(boolean states) {
    for (var builder : networks()) {
      var rnn = builder.build(Weights.random(2), arena);
      var expected = trip(rnn, false, states);
      var got = trip(rnn, true, states);
      assertEquals(expected.size(), got.size());
      for (int i = 0; i < got.size(); i++) {
        assertArrayEquals(expected.get(i), got.get(i), 1e-5f, rnn.spec() + ", result " + i);
      }
    }
  }

  @Test
  void inferenceAgreesToo() {
    var rnn = Rnn.gru(C, 4).layers(2).build(Weights.random(2), arena);
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(T, N, C), Samples.floats(1, T * N * C));
      var packed = rnn.forward(pass, PackedSequence.of(pass, x, LENGTHS), null);
      var padded = rnn.forward(pass, x, LENGTHS, null);
      assertArrayEquals(padded.h().floats(), packed.h().floats(), 1e-6f);
      assertEquals(Shape.of(13, 4), packed.y().rows().shape());
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    try (var pass = Pass.inference(device)) {
      var x = pass.zeros(DType.FLOAT32, Shape.of(2, 2, C));
      var lengths = new int[] {3, 1};
      var e =
          assertThrows(IllegalArgumentException.class, () -> PackedSequence.of(pass, x, lengths));
      assertEquals("pack: lengths: expected 2 of 0 to T = 2, got [3, 1]", e.getMessage());
      var empty =
          assertThrows(
              IllegalArgumentException.class, () -> PackedSequence.of(pass, x, new int[2]));
      assertTrue(empty.getMessage().contains("at least one"), empty.getMessage());
      var rows = x.reshape(Shape.of(4, C));
      assertThrows(
          IllegalArgumentException.class, () -> new PackedSequence(rows, new int[] {2, 1}));
    }
  }
}
