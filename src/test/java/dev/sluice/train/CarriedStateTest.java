package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

@EachDevice
class CarriedStateTest extends OnDevice {
  private Rnn lstm() {
    return Rnn.lstm(4, 3).layers(2).type(DType.FLOAT64).build(Weights.random(2), arena);
  }

  private static double[] ones(int count) {
    var ones = new double[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Values go on: the outputs are those of the whole. Gradients do not: the weights' differ. */
  @Test
  void carriesNumbersAndNoGradient() {
    var whole = lstm();
    var cut = lstm();
    var x = Samples.tensor(arena, DType.FLOAT64, 1, 7, 2, 4);
    double[] expected;
    try (var pass = Pass.training(device)) {
      var y = whole.forward(pass, x).y();
      expected = y.doubles();
      pass.gradient(y).set(ones(42));
      pass.backward();
    }
    var carried = new CarriedState(cut, 2, arena);
    for (int t = 0; t < 7; t += 3) {
      try (var pass = Pass.training(device)) {
        int end = Math.min(7, t + 3);
        var output = cut.forward(pass, x.slice(t, end), null, carried.state());
        var part = Arrays.copyOfRange(expected, t * 6, end * 6);
        assertArrayEquals(part, output.y().doubles(), 1e-14);
        // Before the way back, which still reads the state that the chunk began with.
        carried.carry(pass, output);
        pass.gradient(output.y()).set(ones(part.length));
        pass.backward();
      }
    }
    double[] full = whole.parameters().get(1).gradient().doubles();
    double[] truncated = cut.parameters().get(1).gradient().doubles();
    double apart = 0;
    for (int i = 0; i < full.length; i++) {
      apart = Math.max(apart, Math.abs(full[i] - truncated[i]));
    }
    assertTrue(apart > 1e-3);
  }

  /** The gradients of chunks are those of chunks that begin with given states. */
  @Test
  void gradientsAreThoseOfSeparateChunks() {
    var carriedOver = lstm();
    var separate = lstm();
    var x = Samples.tensor(arena, DType.FLOAT64, 1, 4, 2, 4);
    var carried = new CarriedState(carriedOver, 2, arena);
    double[] h = new double[12];
    double[] c = new double[12];
    for (int t = 0; t < 4; t += 2) {
      try (var pass = Pass.training(device);
          var other = Pass.training(device)) {
        var output = carriedOver.forward(pass, x.slice(t, t + 2), null, carried.state());
        carried.carry(pass, output);
        pass.gradient(output.y()).set(ones(12));
        pass.backward();
        var shape = output.h().shape();
        var state =
            new Rnn.State(
                other.empty(DType.FLOAT64, shape).set(h), other.empty(DType.FLOAT64, shape).set(c));
        var again = separate.forward(other, x.slice(t, t + 2), null, state);
        other.gradient(again.y()).set(ones(12));
        other.backward();
        h = again.h().doubles();
        c = again.c().doubles();
      }
    }
    for (int i = 0; i < carriedOver.parameters().size(); i++) {
      assertArrayEquals(
          separate.parameters().get(i).gradient().doubles(),
          carriedOver.parameters().get(i).gradient().doubles(),
          1e-14);
    }
  }

  @Test
  void resetStartsAgainAndBatchesMustFit() {
    var lstm = lstm();
    var carried = new CarriedState(lstm, 2, arena);
    try (var pass = Pass.inference(device)) {
      var output = lstm.forward(pass, Samples.tensor(arena, DType.FLOAT64, 1, 3, 2, 4));
      carried.carry(pass, output);
      assertArrayEquals(output.h().doubles(), carried.state().h().doubles());
      carried.reset();
      assertArrayEquals(new double[12], carried.state().h().doubles());
      assertArrayEquals(new double[12], carried.state().c().doubles());
      var wide = lstm.forward(pass, Samples.tensor(arena, DType.FLOAT64, 1, 3, 5, 4));
      var e = assertThrows(IllegalArgumentException.class, () -> carried.carry(pass, wide));
      assertEquals("carried state: expected [2, 2, 3], got [2, 5, 3]", e.getMessage());
    }
  }
}
