package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.ConvolutionMode;
import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.EngineUnavailableException;
import dev.sluice.MathMode;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Product;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Simulated
class CudaEngineTest {
  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Simulator.open();
    Simulator.clear();
    arena = device.arena("a test");
  }

  @AfterEach
  void closeLeavesNothing() {
    if (device == null) {
      return;
    }
    arena.close();
    device.close();
    assertEquals("", Simulator.report());
    assertEquals("", Simulator.ledger());
  }

  private Tensor random(long seed, long... dims) {
    return random(arena, seed, dims);
  }

  private static Tensor random(DeviceArena arena, long seed, long... dims) {
    var random = new Random(seed);
    var values = new float[Math.toIntExact(Shape.of(dims).elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return arena.tensor(Shape.of(dims), values);
  }

  @Test
  void theReportSaysThatTheDeviceIsSimulated() {
    var report = new CudaEngine().report();
    assertTrue(report.opens(), report.reason());
    assertTrue(report.facts().get("device 0").contains("simulated"), report.facts().toString());
  }

  @Test
  void modesOfConvolutionAreRefused() {
    for (var mode : List.of(ConvolutionMode.STRICT, ConvolutionMode.DIRECT)) {
      var options = Device.Options.defaults().engine("cuda").convolution(mode);
      var e = assertThrows(EngineUnavailableException.class, () -> Device.open(options));
      var expected = "expected convolution FAST, where cuDNN chooses the algorithm, got " + mode;
      assertTrue(e.getMessage().contains(expected), e.getMessage());
    }
  }

  @Test
  void aDeviceIsChosenByNumberOrIdentifier() {
    var fact = new CudaEngine().report().facts().get("device 0");
    var uuid = fact.substring(fact.indexOf("GPU-"));
    for (var name : List.of("cuda", "cuda:0", "cuda:" + uuid)) {
      try (var other = Device.open(name)) {
        assertEquals("cuda", other.engine());
      }
    }
    var e = assertThrows(EngineUnavailableException.class, () -> Device.open("cuda:7"));
    assertTrue(e.getMessage().contains("cuda:7: expected one of the devices [0 = GPU-"));
  }

  @Test
  void whatIsCopiedInComesOut() {
    for (int count : new int[] {1, 77, 1 << 19, (1 << 19) + 3, 3_000_001}) {
      var values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = i * 0.5f;
      }
      try (var own = device.arena()) {
        assertArrayEquals(values, own.tensor(Shape.of(count), values).floats());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"false, false, 0", "false, true, 1", "true, false, 0", "true, true, 1"})
  void productsAreThoseOfTheLoop(boolean transposeA, boolean transposeB, float beta) {
    int m = 5;
    int n = 7;
    int k = 3;
    var a = random(1, transposeA ? k : m, transposeA ? m : k);
    var b = random(2, transposeB ? n : k, transposeB ? k : n);
    var c = random(3, m, n);
    var expected = c.floats();
    float[] x = a.floats();
    float[] y = b.floats();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = beta * expected[i * n + j];
        for (int l = 0; l < k; l++) {
          sum +=
              (double) x[transposeA ? l * m + i : i * k + l]
                  * y[transposeB ? j * k + l : l * n + j];
        }
        expected[i * n + j] = (float) sum;
      }
    }
    multiply(new Product(m, n, k, transposeA, transposeB, beta), a, b, c);
    assertArrayEquals(expected, c.floats(), 1e-6f);
  }

  private void multiply(Product product, Tensor a, Tensor b, Tensor c) {
    var stream = device.takeStream();
    try {
      device.backend().multiply(stream, product, a, b, c);
    } finally {
      device.giveBack(stream);
    }
  }

  @Test
  void aProductWithoutDepthIsWhatBetaLeaves() {
    var c = arena.tensor(Shape.of(2, 2), new float[] {1, 2, 3, 4});
    multiply(new Product(2, 2, 0, false, false, 1), random(1, 2, 0), random(2, 0, 2), c);
    assertArrayEquals(new float[] {1, 2, 3, 4}, c.floats());
    multiply(new Product(2, 2, 0, false, false, 0), random(1, 2, 0), random(2, 0, 2), c);
    assertArrayEquals(new float[4], c.floats());
  }

  @ParameterizedTest
  @EnumSource(names = {"TF32", "FLOAT16", "BFLOAT16"})
  void aMathModeRoundsTheFactors(MathMode mode) {
    var exact = product(device, arena);
    try (var other = Device.open(Device.Options.defaults().engine("cuda").math(mode));
        var own = other.arena()) {
      var rounded = product(other, own);
      double most = mode == MathMode.BFLOAT16 ? 1e-2 : 1e-3;
      double largest = 0;
      for (int i = 0; i < exact.length; i++) {
        largest = Math.max(largest, Math.abs(exact[i] - rounded[i]));
      }
      assertTrue(largest > 1e-6 && largest < most, mode + " differs by " + largest);
    }
  }

  private static float[] product(Device device, DeviceArena arena) {
    var c = arena.tensor(8, 8);
    var stream = device.takeStream();
    try {
      device
          .backend()
          .multiply(
              stream,
              new Product(8, 8, 8, false, false, 0),
              random(arena, 1, 8, 8),
              random(arena, 2, 8, 8),
              c);
    } finally {
      device.giveBack(stream);
    }
    return c.floats();
  }

  @Test
  void aTensorOfAnotherDeviceIsRefusedAndNothingIsLost() {
    try (var cpu = Device.open("cpu");
        var foreign = cpu.arena()) {
      var a = foreign.tensor(2, 2);
      var c = arena.tensor(2, 2);
      var product = new Product(2, 2, 2, false, false, 0);
      var e = assertThrows(IllegalArgumentException.class, () -> multiply(product, a, c, c));
      assertTrue(
          e.getMessage().startsWith("expected a tensor of this device, cuda:0 ("), e.getMessage());
      assertTrue(
          e.getMessage().endsWith("got FLOAT32 [2, 2] of a device of engine cpu"), e.getMessage());
      assertArrayEquals(new float[4], c.floats());
    }
  }

  /** Odd sizes, so that frames are not aligned; the CPU engine's convolution is the judge. */
  @ParameterizedTest
  @CsvSource({
    "2, 5, 6, 3, 4, 3, 3, true",
    "1, 4, 4, 1, 1, 1, 1, false",
    "3, 3, 7, 5, 2, 1, 5, true",
    "2, 6, 3, 2, 8, 5, 3, false"
  })
  void convolutionsAreThoseOfTheCpuEngine(
      int n, int h, int w, int c, int k, int kh, int kw, boolean bias) {
    var spec = new ConvSpec(DType.FLOAT32, n, h, w, c, k, kh, kw, bias);
    try (var cpu = Device.open("cpu");
        var own = cpu.arena()) {
      var expected = convolve(cpu, own, spec);
      var got = convolve(device, arena, spec);
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), got.get(i), 1e-5f, "result " + i);
      }
    }
  }

  /** y, y added to, dx added to, dw and db added to. */
  private static List<float[]> convolve(Device device, DeviceArena arena, ConvSpec s) {
    var plan = device.backend().convolution(s);
    var x = random(arena, 1, s.batch(), s.height(), s.width(), s.inputs());
    var weight = random(arena, 2, s.outputs(), s.inputs(), s.kernelHeight(), s.kernelWidth());
    var bias = random(arena, 3, s.outputs());
    var y = random(arena, 4, s.batch(), s.height(), s.width(), s.outputs());
    var more = random(arena, 5, s.batch(), s.height(), s.width(), s.outputs());
    var dx = random(arena, 6, s.batch(), s.height(), s.width(), s.inputs());
    var dw = random(arena, 7, s.outputs(), s.inputs(), s.kernelHeight(), s.kernelWidth());
    var db = random(arena, 8, s.outputs());
    var packed = arena.empty(DType.FLOAT32, Shape.of((plan.packedBytes() + 3) / 4));
    var stream = device.takeStream();
    try {
      plan.pack(stream, s.bias() ? List.of(weight, bias) : List.of(weight), packed);
      plan.forward(stream, packed, x, y, false);
      plan.forward(stream, packed, x, more, true);
      plan.backwardData(stream, packed, y, dx);
      plan.backwardWeights(stream, x, y, dw, s.bias() ? db : null);
    } finally {
      device.giveBack(stream);
    }
    return List.of(y.floats(), more.floats(), dx.floats(), dw.floats(), db.floats());
  }
}
