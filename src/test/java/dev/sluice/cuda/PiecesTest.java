package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.Shape;
import dev.sluice.spi.ConvSpec;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions whose plans want too much workspace go in pieces of their frames. */
@Simulated
class PiecesTest {
  private static final String LIMIT = "sluice.cuda.workspace";
  private static final int KIB = 1024;

  private final String before = System.getProperty(LIMIT);

  @BeforeEach
  void limit() {
    System.setProperty(LIMIT, Integer.toString(256 * KIB));
  }

  @AfterEach
  void sated() {
    if (before == null) {
      System.clearProperty(LIMIT);
    } else {
      System.setProperty(LIMIT, before);
    }
    Simulator.setHunger(0);
    assertEquals("", Simulator.report());
    assertEquals("", Simulator.ledger());
  }

  /** Of a limit of 256 KiB: a third of the frames fits, two thirds with a rest, one frame alone. */
  @ParameterizedTest
  @CsvSource({"6, 100, EXACT, 3", "7, 60, EXACT, 2", "2, 200, EXACT, 2", "6, 100, BFLOAT16, 3"})
  void giveWhatTheWholeGives(int frames, long hunger, MathMode mode, int pieces) {
    List<float[]> expected;
    try (var device = open(mode)) {
      expected = convolved(device, frames);
    }
    try (var device = open(mode)) {
      Simulator.setHunger(hunger * KIB);
      // Choices by time run every plan; the second round is counted.
      convolved(device, frames);
      Simulator.clear();
      var got = convolved(device, frames);
      assertEquals(3 * pieces, Simulator.calls("cudnnBackendExecute"), Simulator.calls());
      for (int i = 0; i < 3; i++) {
        // The gradient of the weights is rounded once a piece.
        float near =
            mode == MathMode.EXACT || i < 2 ? 1e-5f : 4 * 0x1p-8f * largest(expected.get(i));
        assertArrayEquals(expected.get(i), got.get(i), near);
      }
      assertTrue(expected.get(0)[0] != 0);
    }
  }

  private static Device open(MathMode mode) {
    return Simulator.open(Device.Options.defaults().math(mode));
  }

  /** y, dx and dw, added to zeros. */
  private static List<float[]> convolved(Device device, int frames) {
    try (var arena = device.arena()) {
      var spec = new ConvSpec(DType.FLOAT32, frames, 4, 5, 2, 3, 3, 3, true);
      var plan = device.backend().convolution(spec);
      var x = arena.tensor(Shape.of(frames, 4, 5, 2), numbers(1, frames * 40));
      var w = arena.tensor(Shape.of(3, 2, 3, 3), numbers(2, 54));
      var y = arena.tensor(Shape.of(frames, 4, 5, 3), numbers(3, frames * 60));
      var packed = arena.tensor(plan.packedBytes() / 4 + 1);
      var made = arena.tensor(frames, 4, 5, 3);
      var dx = arena.tensor(frames, 4, 5, 2);
      var dw = arena.tensor(3, 2, 3, 3);
      var stream = device.takeStream();
      try {
        plan.pack(stream, List.of(w, arena.tensor(3)), packed);
        plan.forward(stream, packed, x, made, true);
        plan.backwardData(stream, packed, y, dx);
        plan.backwardWeights(stream, x, y, dw, null);
      } finally {
        device.giveBack(stream);
      }
      return List.of(made.floats(), dx.floats(), dw.floats());
    }
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static float[] numbers(long seed, int count) {
    var random = new Random(seed);
    var values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(-8, 9) / 8f;
    }
    return values;
  }
}
