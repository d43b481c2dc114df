package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.PackedSequence;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout between layers by cuDNN's own masks, simulated. */
@Simulated
class RnnDropoutTest {
  private static final int T = 8;
  private static final int N = 16;
  private static final int H = 24;

  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Simulator.open();
    arena = device.arena();
    Simulator.clear();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
    assertEquals("", Simulator.report());
    assertEquals("", Simulator.ledger());
    Simulator.reset();
  }

  /** Two ReLU layers that let everything through, so that y of ones is the mask. */
  private Rnn mirror(double p) {
    var rnn = Rnn.relu(H, H).layers(2).bias(false).engineDropout(p).build(Weights.random(1), arena);
    for (var parameter : rnn.parameters()) {
      var values = new float[H * H];
      for (int i = 0; i < H && parameter.name().startsWith("weight_ih"); i++) {
        values[i * H + i] = 1;
      }
      parameter.value().set(values);
      parameter.changed();
    }
    return rnn;
  }

  private static float[] ones() {
    var ones = new float[T * N * H];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** The mask of a step, and what comes back of ones. */
  private float[][] step(Rnn rnn) {
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(T, N, H), ones());
      var y = rnn.forward(pass, x).y();
      pass.gradient(y).set(ones());
      pass.backward();
      return new float[][] {y.floats(), pass.gradient(x).floats()};
    }
  }

  /** Of 3072 elements the share that is zero is within 5 standard deviations of p. */
  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.8})
  void theMaskDropsItsShareAndScalesTheRest(double p) {
    var mask = step(mirror(p))[0];
    int zeros = 0;
    for (float value : mask) {
      zeros += value == 0 ? 1 : 0;
      assertTrue(value == 0 || Math.abs(value - 1 / (1 - p)) < 1e-5, "got " + value);
    }
    double deviation = Math.sqrt(p * (1 - p) / mask.length);
    assertEquals(p, (double) zeros / mask.length, 5 * deviation);
  }

  /** Enqueued, captured or replayed, every step has another mask, and backward has its own. */
  @Test
  void backwardHasTheMaskOfItsForward() {
    var rnn = mirror(0.5);
    float[] before = null;
    for (int i = 0; i < 5; i++) {
      var step = step(rnn);
      assertArrayEquals(step[0], step[1]);
      assertFalse(Arrays.equals(before, step[0]), "step " + i + " has the mask of the one before");
      before = step[0];
    }
    // Once for the plans' own stream, once for that of the passes.
    assertEquals(2, Simulator.calls("cudnnDropoutGetStatesSize"));
  }

  @Test
  void inferenceDropsNothing() {
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(T, N, H), ones());
      assertArrayEquals(ones(), mirror(0.5).forward(pass, x).y().floats());
    }
  }

  /** Our dropout takes a call a layer, cuDNN's one for all. */
  @Test
  void allLayersAreOneCall() {
    var builder = Rnn.lstm(4, 8).layers(3);
    long[] calls = new long[2];
    for (int own = 0; own < 2; own++) {
      var made = own == 1 ? builder.engineDropout(0.5) : builder.dropout(0.5);
      var rnn = made.build(Weights.random(1), arena);
      long before = Simulator.calls("cudnnRNNForward");
      try (var pass = Pass.training(device, 1)) {
        // Lengths, so that no algorithms are tried.
        var x = pass.tensor(Shape.of(3, 2, 4), Samples.floats(1, 24));
        rnn.forward(pass, x, new int[] {3, 1}, null);
      }
      calls[own] = Simulator.calls("cudnnRNNForward") - before;
    }
    assertArrayEquals(new long[] {3, 1}, calls);
  }

  @Test
  void packedSequencesDropToo() {
    var rnn = Rnn.gru(4, 8).layers(2).engineDropout(0.5).build(Weights.random(1), arena);
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(4, 3, 4), Samples.floats(1, 48));
      var packed = PackedSequence.of(pass, x, new int[] {2, 4, 0});
      var first = rnn.forward(pass, packed, null).y().rows().floats();
      var second = rnn.forward(pass, packed, null).y().rows().floats();
      assertFalse(Arrays.equals(first, second), "the same mask twice");
    }
  }

  /** The CPU engine has no masks of its own: both options give the same. */
  @Test
  void anEngineThatCannotDropsAsWeDo() {
    try (var cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
        var own = cpu.arena();
        var pass = Pass.training(cpu, 5);
        var again = Pass.training(cpu, 5)) {
      var x = Samples.floats(1, 48);
      var ours = Rnn.gru(4, 8).layers(2).dropout(0.5).build(Weights.random(1), own);
      var theirs = Rnn.gru(4, 8).layers(2).engineDropout(0.5).build(Weights.random(1), own);
      assertArrayEquals(
          ours.forward(pass, pass.tensor(Shape.of(4, 3, 4), x)).y().floats(),
          theirs.forward(again, again.tensor(Shape.of(4, 3, 4), x)).y().floats());
    }
  }

  /**
   * Central differences of float32 with h = 2^-6 are off by h^2 and by 2^-24 / h of the sum: 1e-2
   * of the largest slope holds both.
   */
  @Test
  void slopesAreThoseOfTheMask() {
    var spec = RnnCase.spec(RnnSpec.Kind.LSTM, 3, 5, 3, true, true, 0);
    var run = new RnnSpec.Run(3, 2, false, true, false, 0.4);
    var stream = new CudaStream((CudaBackend) device.backend());
    try {
      var plan = (CudnnRnn) device.backend().rnn(spec, run);
      assertTrue(plan.drops());
      var weights = spec.weights().values().stream().toList();
      var values =
          weights.stream().map(s -> Samples.tensor(arena, DType.FLOAT32, 4, s.dims())).toList();
      var sums = weights.stream().map(s -> arena.zeros(DType.FLOAT32, s)).toList();
      var packed = bytes(plan.packedBytes());
      var reserve = bytes(plan.reserveBytes());
      plan.pack(stream, values, packed);
      var x = Samples.floats(1, 18);
      var slopes = Samples.floats(2, 60);
      var dx = arena.zeros(DType.FLOAT32, Shape.of(3, 2, 3));
      var trip = sequence(x);
      stream.dropout().seed(7);
      plan.forward(stream, packed, trip, reserve);
      var dy = arena.empty(DType.FLOAT32, Shape.of(3, 2, 10)).set(slopes);
      var none = Arrays.asList(new Tensor[2]);
      plan.backward(stream, packed, trip, new Sequence(dx, null, none, dy, none), sums, reserve);
      stream.synchronize();
      var got = dx.floats();
      double largest = 0;
      for (float slope : got) {
        largest = Math.max(largest, Math.abs(slope));
      }
      for (int i = 0; i < x.length; i++) {
        double[] loss = new double[2];
        for (int side = 0; side < 2; side++) {
          var moved = x.clone();
          moved[i] += (side == 0 ? -1 : 1) * 0x1p-6f;
          var other = sequence(moved);
          stream.dropout().seed(7);
          plan.forward(stream, packed, other, bytes(plan.reserveBytes()));
          stream.synchronize();
          var y = other.y().floats();
          for (int j = 0; j < y.length; j++) {
            loss[side] += y[j] * (double) slopes[j];
          }
        }
        assertEquals((loss[1] - loss[0]) / 0x1p-5, got[i], 1e-2 * largest, "dx " + i);
      }
    } finally {
      stream.close();
    }
  }

  private Tensor bytes(long bytes) {
    return arena.empty(DType.FLOAT32, Shape.of((bytes + 3) / 4));
  }

  private Sequence sequence(float[] x) {
    var none = Arrays.asList(new Tensor[2]);
    return new Sequence(
        arena.empty(DType.FLOAT32, Shape.of(3, 2, 3)).set(x),
        null,
        none,
        arena.empty(DType.FLOAT32, Shape.of(3, 2, 10)),
        List.of(bytes(6 * 2 * 5 * 4), bytes(6 * 2 * 5 * 4)));
  }
}
