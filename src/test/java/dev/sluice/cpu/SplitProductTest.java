package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitProductTest {
  private static final int ROWS = 137;
  private static final int IN = 144;
  private static final int OUT = 582;

  @Test
  void threePartsAreTheWholeNumber() {
    assumeTrue(VectorApi.PRESENT);
    var x = Samples.floats(5, 4L * Lanes.COUNT);
    x[0] = 1e33f;
    x[1] = -1e-30f;
    x[2] = 0;
    x[3] = 16_777_215;
    try (var arena = Arena.ofConfined()) {
      var parts = arena.allocate(12L * x.length, 64);
      SplitVector.split(segment(arena, x), 0, x.length, parts);
      for (int i = 0; i < x.length; i++) {
        float sum = 0;
        for (int part = 2; part >= 0; part--) {
          float value = parts.getAtIndex(ValueLayout.JAVA_FLOAT, (long) part * x.length + i);
          assertEquals(0, Float.floatToRawIntBits(value) & 0xffff, "bits of bfloat16: " + value);
          sum += value;
        }
        assertEquals(x[i], sum);
      }
    }
  }

  /** Against sums in double: no further off than a product of floats, give or take a half. */
  @Test
  void isAsExactAsAProductOfFloats() {
    NativeLibraries.load(NativeLibrary.ONEDNN);
    var spec = new StepProduct.Spec(ROWS, IN, OUT, IN, OUT + 3, 0, true, false);
    try (var engine = OneDnnEngine.open(MathMode.EXACT);
        var stream = new CpuStream(engine, 1)) {
      assumeTrue(SplitProduct.suits(engine, spec), "there are no tiles here");
      try (var split = new SplitProduct(engine, spec);
          var usual = StepProduct.Packed.usual(engine, spec);
          var floats = new StepProduct.Packed(engine, spec, usual)) {
        double exact = error(floats, stream);
        double parts = error(split, stream);
        assertTrue(parts <= 1.5 * exact, parts + " against " + exact);
      }
    }
  }

  private static double error(StepProduct product, CpuStream stream) {
    var x = Samples.floats(1, ROWS * IN);
    var w = Samples.floats(2, OUT * IN);
    double squares = 0;
    try (var arena = Arena.ofConfined()) {
      var packed = arena.allocate(product.packedBytes(), 64);
      var y = arena.allocate(4L * ROWS * (OUT + 3), 64);
      product.pack(stream, segment(arena, w), packed);
      product.run(stream, packed, segment(arena, x), 0, y, 0, false);
      for (int row = 0; row < ROWS; row++) {
        for (int o = 0; o < OUT; o++) {
          double sum = 0;
          for (int k = 0; k < IN; k++) {
            sum += (double) x[row * IN + k] * w[o * IN + k];
          }
          long at = (long) row * (OUT + 3) + o;
          squares += Math.pow(y.getAtIndex(ValueLayout.JAVA_FLOAT, at) - sum, 2);
        }
      }
    }
    return Math.sqrt(squares / ROWS / OUT);
  }

  private static MemorySegment segment(Arena arena, float[] values) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  /** Inference takes some steps at once, training each by itself; their shares are unequal. */
  @ParameterizedTest
  @CsvSource({"true, 1, false", "true, 2, true", "false, 2, true"})
  void inferenceGivesWhatTrainingGives(boolean lstm, int threads, boolean ends) {
    int steps = 12;
    int batch = 45;
    var lengths = new int[batch];
    for (int n = 0; n < batch; n++) {
      lengths[n] = ends ? n * 5 % (steps + 1) : steps;
    }
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(threads));
        var arena = device.arena()) {
      var rnn =
          (lstm ? Rnn.lstm(128, 128) : Rnn.gru(128, 128))
              .layers(2)
              .bidirectional()
              .build(Weights.random(3), arena);
      var x = arena.tensor(Shape.of(steps, batch, 128), Samples.floats(4, steps * batch * 128));
      try (var inference = Pass.inference(device);
          var training = Pass.training(device)) {
        var expected = rnn.forward(training, x, lengths, null);
        var got = rnn.forward(inference, x, lengths, null);
        assertArrayEquals(expected.y().floats(), got.y().floats(), 2e-6f);
        assertArrayEquals(expected.h().floats(), got.h().floats(), 2e-6f);
      }
    }
  }
}
