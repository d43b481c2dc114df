package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.Shape;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.spi.RnnSpec.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks on halves of cuDNN, simulated, stay near what the CPU engine gives in float32. */
@Simulated
class HalvedSequenceTest {
  private static Device cpu;

  @BeforeAll
  static void open() {
    Simulator.open().close();
    cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
  }

  @AfterAll
  static void close() {
    if (cpu != null) {
      cpu.close();
    }
  }

  @AfterEach
  void restore() {
    Simulator.reset();
    Simulator.setSeed(1);
  }

  private static Device open(MathMode mode) {
    return Simulator.open(Device.Options.defaults().math(mode));
  }

  static Stream<Arguments> cases() {
    var all = new ArrayList<Arguments>();
    for (var mode : List.of(MathMode.FLOAT16, MathMode.BFLOAT16)) {
      for (int[] lengths : new int[][] {null, {4, 1, 5}, {5, 0, 2}}) {
        for (var spec :
            List.of(
                RnnCase.spec(Kind.RNN_TANH, 3, 5, 2, false, false, 0),
                RnnCase.spec(Kind.LSTM, 5, 6, 2, true, true, 0),
                RnnCase.spec(Kind.LSTM, 4, 7, 2, true, true, 3),
                RnnCase.spec(
                    Kind.LSTM, 4, 6, 1, true, true, 0, new CellClip(0.15, CellClip.Mode.READ)),
                RnnCase.spec(Kind.GRU_RESET_AFTER, 3, 7, 2, true, true, 0))) {
          all.add(Arguments.of(mode, new RnnCase(spec, 5, 3, lengths, lengths != null)));
        }
      }
    }
    return all.stream();
  }

  /**
   * In relative Euclidean norm a tensor of n operations in sequence is off by about n roundings:
   * 2^-11 for float16 and 2^-8 for bfloat16, of which the factors, h of each of 5 steps and each
   * gradient on its way back take a part: 20 for outputs, 40 for gradients.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void halvesStayNear(MathMode mode, RnnCase it) {
    double rounding = mode == MathMode.FLOAT16 ? 0x1p-11 : 0x1p-8;
    try (var cuda = open(mode)) {
      for (boolean training : new boolean[] {true, false}) {
        var expected = it.run(cpu, training, true);
        var got = it.run(cuda, training, true);
        assertEquals(expected.keySet(), got.keySet());
        expected.forEach(
            (name, values) -> {
              double off = distance(values, got.get(name));
              double allowed = (name.startsWith("d") ? 40 : 20) * rounding;
              assertTrue(off <= allowed, name + ": off by " + off + ", allowed " + allowed);
            });
        assertTrue(distance(expected.get("y"), got.get("y")) > rounding / 16, "not rounded");
      }
      assertEquals("", Simulator.report());
    }
  }

  private static double distance(float[] expected, float[] got) {
    double size = 0;
    double off = 0;
    for (int i = 0; i < expected.length; i++) {
      size += (double) expected[i] * expected[i];
      off += ((double) expected[i] - got[i]) * (expected[i] - got[i]);
    }
    return Math.sqrt(off / size);
  }

  /** What is composed keeps float32 and rounds the factors of its products alone. */
  @ParameterizedTest
  @EnumSource(
      value = MathMode.class,
      names = {"TF32", "FLOAT16", "BFLOAT16"})
  void composedNetworksRoundTheirFactors(MathMode mode) {
    var it =
        new RnnCase(RnnCase.spec(Kind.GRU_RESET_BEFORE, 4, 7, 2, true, true, 0), 5, 3, null, true);
    double rounding = mode == MathMode.BFLOAT16 ? 0x1p-8 : 0x1p-11;
    try (var cuda = open(mode)) {
      var expected = it.run(cpu, true, true);
      it.run(cuda, true, true)
          .forEach(
              (name, values) -> {
                double off = distance(expected.get(name), values);
                double allowed = (name.startsWith("d") ? 40 : 20) * rounding;
                assertTrue(off <= allowed, name + ": off by " + off + ", allowed " + allowed);
                assertTrue(!name.equals("y") || off > rounding / 16, "not rounded");
              });
    }
  }

  /** Where cuDNN keeps halves of weights changes no bit. */
  @Test
  void theSameWeightsAtAnySeed() {
    var it = new RnnCase(RnnCase.spec(Kind.LSTM, 4, 8, 2, true, true, 0), 5, 3, null, true);
    Map<String, float[]> first = null;
    for (int seed = 1; seed <= 5; seed++) {
      Simulator.setSeed(seed);
      try (var cuda = open(MathMode.FLOAT16)) {
        var got = it.run(cuda, true, true);
        first = first == null ? got : first;
        first.forEach((name, values) -> assertArrayEquals(values, got.get(name), name));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = MathMode.class,
      names = {"FLOAT16", "BFLOAT16"})
  void aSteadyLoopMakesNothing(MathMode mode) {
    var spec = RnnCase.spec(Kind.LSTM, 4, 8, 2, true, true, 0);
    var it = new RnnCase(spec, 5, 3, new int[] {3, 0, 5}, true);
    try (var cuda = open(mode);
        var arena = cuda.arena()) {
      var trip = it.new Trip(cuda, arena, true, true);
      for (int i = 0; i < 3; i++) {
        trip.run();
      }
      Simulator.clear();
      trip.run();
      assertEquals(3, Simulator.calls("cuGraphLaunch"));
      assertEquals(0, Simulator.calls("cuMemAlloc"));
      assertEquals(0, Simulator.calls("cudnnRNNForward"));
    }
    assertEquals("", Simulator.ledger());
  }

  @Test
  void roundingIsThatOfTheFormats() {
    var values = new ArrayList<Float>();
    for (int e = -30; e <= 18; e++) {
      for (double m :
          new double[] {1, 1 + 0x1p-11, 1 + 0x1p-8, 1 + 0x3p-11, 1 + 0x1p-12 + 0x1p-11, 1.7}) {
        values.add((float) Math.scalb(m, e));
        values.add((float) -Math.scalb(m, e));
      }
    }
    values.addAll(
        List.of(0f, -0f, 65504f, 65519.9f, 65520f, Float.POSITIVE_INFINITY, Float.NaN, 0x1p-25f));
    var x = new float[values.size()];
    for (int i = 0; i < x.length; i++) {
      x[i] = values.get(i);
    }
    try (var cuda = Simulator.open();
        var arena = cuda.arena();
        var stream = new CudaStream((CudaBackend) cuda.backend())) {
      var from = arena.empty(DType.FLOAT32, Shape.of(x.length)).set(x);
      for (var type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
        var half = arena.empty(type, Shape.of(x.length));
        var to = arena.empty(DType.FLOAT32, Shape.of(x.length)).set(x);
        CudaKernels.narrow(stream, type, from.address(), half.address(), x.length);
        CudaKernels.widen(stream, type, half.address(), to.address(), x.length, false);
        stream.synchronize();
        var got = to.floats();
        for (int i = 0; i < x.length; i++) {
          assertEquals(rounded(type, x[i]), got[i], type + " of " + x[i]);
        }
        CudaKernels.widen(stream, type, half.address(), to.address(), x.length, true);
        stream.synchronize();
        assertEquals(2 * got[5], to.floats()[5]);
      }
    }
  }

  private static float rounded(DType type, float x) {
    if (type == DType.FLOAT16) {
      return Float.float16ToFloat(Float.floatToFloat16(x));
    }
    if (Float.isNaN(x)) {
      return x;
    }
    int bits = Float.floatToRawIntBits(x);
    int even = bits >>> 16 & 1;
    return Float.intBitsToFloat((bits + 0x7fff + even) & 0xffff0000);
  }

  /** What float16 cannot hold arrives as infinity or NaN, never as a wrong number. */
  @Test
  void anOverflowShows() {
    try (var cuda = open(MathMode.FLOAT16);
        var arena = cuda.arena()) {
      var it = new RnnCase(RnnCase.spec(Kind.LSTM, 4, 8, 1, false, true, 0), 5, 3, null, true);
      var trip = it.new Trip(cuda, arena, true, true);
      var dy = trip.gradients.y().floats();
      for (int i = 0; i < dy.length; i++) {
        dy[i] *= 1e6f;
      }
      trip.gradients.y().set(dy);
      trip.run();
      var weights = trip.results().get("dweight_hh_l0");
      boolean finite = true;
      for (float value : weights) {
        finite &= Float.isFinite(value);
      }
      assertFalse(finite);
    }
  }
}
