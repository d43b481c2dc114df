package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EngineUnavailableException;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import dev.sluice.bindings.onednn.Dnnl_h;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Product;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products with factors rounded to bfloat16: they are, and nothing else is. */
class Bfloat16Test {
  private static Device exact;
  private static Device rounding;

  @BeforeAll
  static void open() {
    NativeLibraries.load(NativeLibrary.ONEDNN);
    assumeTrue(OneDnn.hasAmx(), () -> "bfloat16 is not tested: this CPU has " + OneDnn.isa());
    exact = Device.open("cpu");
    rounding = Device.open(Device.Options.defaults().engine("cpu").math(MathMode.BFLOAT16));
  }

  @AfterAll
  static void close() {
    if (exact != null) {
      rounding.close();
      exact.close();
    }
  }

  private static float[] rounded(float[] values) {
    var all = new float[values.length];
    for (int i = 0; i < all.length; i++) {
      int bits = Float.floatToRawIntBits(values[i]);
      all[i] = Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
    }
    return all;
  }

  /** Rounded by the engine is rounded beforehand, up to the order of float32 sums. */
  private static void compare(
      float[] a, float[] b, Function<Device, BiFunction<float[], float[], double[]>> operation) {
    var expected = operation.apply(exact).apply(rounded(a), rounded(b));
    var plain = operation.apply(exact).apply(a, b);
    var actual = operation.apply(rounding).apply(a, b);
    assertEquals(0, error(expected, actual), 2e-6);
    assertTrue(error(plain, actual) > 1e-5, "nothing was rounded");
    assertArrayEquals(actual, operation.apply(rounding).apply(a, b));
    assertArrayEquals(plain, operation.apply(exact).apply(a, b));
  }

  /** The largest difference, as a part of the largest number or of 1. */
  private static double error(double[] expected, double[] actual) {
    double most = 0;
    double largest = 1;
    for (int i = 0; i < expected.length; i++) {
      most = Math.max(most, Math.abs(actual[i] - expected[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return most / largest;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void productsRoundTheirFactors(int variant) {
    var p = new Product(70, 66, 80, (variant & 1) != 0, (variant & 2) != 0, variant / 4);
    compare(Samples.floats(1, 70 * 80), Samples.floats(2, 80 * 66), d -> product(d, p));
  }

  private static BiFunction<float[], float[], double[]> product(Device device, Product p) {
    return (a, b) -> {
      try (var arena = device.arena()) {
        var stream = device.takeStream();
        var x = arena.empty(DType.FLOAT32, Shape.of(a.length)).set(a);
        var y = arena.empty(DType.FLOAT32, Shape.of(b.length)).set(b);
        var c = Samples.tensor(arena, DType.FLOAT32, 3, 70, 66);
        device.backend().multiply(stream, p, x, y, c);
        device.giveBack(stream);
        return c.doubles();
      }
    };
  }

  /** A product that oneDNN may not have, and one that is not worth it, are exact. */
  @Test
  void singleRowsAndSmallProductsAreExact() {
    for (var p :
        List.of(new Product(1, 600, 600, false, true, 0), new Product(8, 8, 8, false, false, 0))) {
      var a = Samples.floats(1, p.rows() * p.depth());
      var b = Samples.floats(2, p.depth() * p.columns());
      var c = new double[2][];
      for (var device : List.of(exact, rounding)) {
        try (var arena = device.arena()) {
          var stream = device.takeStream();
          var to = arena.empty(DType.FLOAT32, Shape.of(p.rows(), p.columns()));
          device
              .backend()
              .multiply(
                  stream,
                  p,
                  arena.empty(DType.FLOAT32, Shape.of(a.length)).set(a),
                  arena.empty(DType.FLOAT32, Shape.of(b.length)).set(b),
                  to);
          device.giveBack(stream);
          c[device == exact ? 0 : 1] = to.doubles();
        }
      }
      assertArrayEquals(c[0], c[1]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void convolutionsRoundTheirFactors(int kernel) {
    var s = new ConvSpec(DType.FLOAT32, 2, 6, 5, 35, 31, kernel, kernel, true);
    long frames = 2 * 6 * 5;
    var w = Samples.floats(1, 31L * 35 * kernel * kernel);
    var x = Samples.floats(2, frames * 35);
    var dy = Samples.floats(3, frames * 31);
    compare(w, x, d -> (a, b) -> convolved(d, s, a, b, dy)[0]);
    compare(w, dy, d -> (a, b) -> convolved(d, s, a, x, b)[1]);
    compare(x, dy, d -> (a, b) -> convolved(d, s, w, a, b)[2]);
  }

  /** y, dx and dw. */
  private static double[][] convolved(Device device, ConvSpec s, float[] w, float[] x, float[] dy) {
    try (var arena = device.arena()) {
      var stream = device.takeStream();
      var plan = device.backend().convolution(s);
      var weights =
          arena.empty(
              s.type(), Shape.of(s.outputs(), s.inputs(), s.kernelHeight(), s.kernelWidth()));
      var packed = arena.zeros(DType.FLOAT32, Shape.of(plan.packedBytes() / 4));
      plan.pack(
          stream, List.of(weights.set(w), arena.zeros(s.type(), Shape.of(s.outputs()))), packed);
      var in = arena.empty(s.type(), Shape.of(s.batch(), s.height(), s.width(), s.inputs())).set(x);
      var out = arena.zeros(s.type(), Shape.of(s.batch(), s.height(), s.width(), s.outputs()));
      var y = arena.zeros(s.type(), out.shape());
      var dx = arena.zeros(s.type(), in.shape());
      var dw = arena.zeros(s.type(), weights.shape());
      plan.forward(stream, packed, in, y, false);
      plan.backwardData(stream, packed, out.set(dy), dx);
      plan.backwardWeights(stream, in, out, dw, arena.zeros(s.type(), Shape.of(s.outputs())));
      device.giveBack(stream);
      return new double[][] {y.doubles(), dx.doubles(), dw.doubles()};
    }
  }

  /** By less than 2^-7, which is a factor's last bit, of the largest number. */
  @ParameterizedTest
  @ValueSource(strings = {"lstm", "gru", "tanh", "convlstm"})
  void networksDifferAsTheirFactorsDo(String kind) {
    var expected = trip(exact, kind);
    var actual = trip(rounding, kind);
    for (int part = 0; part < expected.size(); part++) {
      double error = error(expected.get(part), actual.get(part));
      assertTrue(error < 1.0 / 128, kind + " " + part + ": " + error);
      assertTrue(error > 1e-6, kind + " " + part + ": nothing was rounded");
    }
    var again = trip(rounding, kind);
    for (int part = 0; part < actual.size(); part++) {
      assertArrayEquals(actual.get(part), again.get(part));
    }
  }

  /** y, dx and the gradients of the parameters. */
  private static List<double[]> trip(Device device, String kind) {
    try (var arena = device.arena()) {
      if (kind.equals("convlstm")) {
        var cell = new ConvLstm(new ConvLstm.Config(8, 16, 3), Weights.random(1), arena);
        return trip(device, cell, Shape.of(3, 2, 7, 6, 8), (p, x) -> cell.forward(p, x, null).y());
      }
      var builder =
          switch (kind) {
            case "lstm" -> Rnn.lstm(40, 48);
            case "gru" -> Rnn.gru(40, 48);
            default -> Rnn.tanh(40, 48);
          };
      var network = builder.layers(2).bidirectional().build(Weights.random(1), arena);
      return trip(device, network, Shape.of(6, 20, 40), (p, x) -> network.forward(p, x).y());
    }
  }

  private static List<double[]> trip(
      Device device, Layer layer, Shape shape, BiFunction<Pass, Tensor, Tensor> forward) {
    try (var pass = Pass.training(device)) {
      var x = pass.variable(shape, Samples.floats(3, shape.elements()));
      var y = forward.apply(pass, x);
      pass.gradient(y).set(Samples.floats(4, y.shape().elements()));
      pass.backward();
      var all = new ArrayList<>(List.of(y.doubles(), pass.gradient(x).doubles()));
      layer.parameters().forEach(p -> all.add(p.gradient().doubles()));
      return all;
    }
  }

  @Test
  void refusesWhereTheCpuHasNone() throws Exception {
    assertEquals(
        List.of(
            "no engine opens here; cpu: bfloat16 products need a CPU with AMX;"
                + " this one has avx2"),
        PlainPathTest.run(OldCpuProcess.class));
  }

  /** Opens a device on a CPU that has AVX2 alone, as oneDNN is told. */
  static final class OldCpuProcess {
    private OldCpuProcess() {}

    public static void main(String[] args) {
      NativeLibraries.load(NativeLibrary.ONEDNN);
      Dnnl_h.dnnl_set_max_cpu_isa(Dnnl_h.dnnl_cpu_isa_avx2());
      var options = Device.Options.defaults().engine("cpu").math(MathMode.BFLOAT16);
      try (var device = Device.open(options)) {
        System.out.println("opened " + device.title());
      } catch (EngineUnavailableException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
