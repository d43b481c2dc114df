package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The float32 convolutions against plain float64 loops, at the borders of blocks and frames. */
class OneDnnConvolutionTest {
  private static final int[][] CHANNELS = {
    {1, 1}, {1, 16}, {3, 8}, {8, 3}, {17, 1}, {16, 33}, {33, 17}
  };
  private static final int[][] FRAMES = {{1, 1}, {2, 2}, {9, 5}};

  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1x1", "3x3", "5x5", "7x7", "1x3", "5x1", "3x7"})
  void agreesWithTheDefinition(String kernel) {
    int kh = kernel.charAt(0) - '0';
    int kw = kernel.charAt(2) - '0';
    for (var frame : FRAMES) {
      for (var pair : CHANNELS) {
        compare(2, frame[0], frame[1], pair[0], pair[1], kh, kw, pair[0] != 3);
      }
    }
    compare(2, 16, 16, 3, 8, kh, kw, true);
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 11, 15})
  void largeKernelsWork(int kernel) {
    compare(2, 16, 16, 2, 4, kernel, kernel, true);
    compare(1, 16, 16, 8, 1, kernel, kernel, true);
    compare(1, 1, 64, 8, 1, kernel, kernel, false);
    compare(1, 3, 4, 5, 6, kernel, 1, true);
  }

  /** What stands in where oneDNN has but its reference, over shapes that oneDNN has too. */
  @Test
  void matrixProductsAgreeWithTheDefinition() {
    for (var frame : new int[][] {{1, 1}, {2, 5}, {7, 3}}) {
      for (int c : new int[] {1, 5}) {
        for (int k : new int[] {1, 6}) {
          for (boolean bias : new boolean[] {false, true}) {
            compare(GemmConvolution::new, 3, frame[0], frame[1], c, k, 3, 5, bias);
          }
        }
      }
    }
  }

  private static void compare(int n, int h, int w, int c, int k, int kh, int kw, boolean bias) {
    compare(device.backend()::convolution, n, h, w, c, k, kh, kw, bias);
  }

  private static void compare(
      Function<ConvSpec, ConvPlan> plan,
      int n,
      int h,
      int w,
      int c,
      int k,
      int kh,
      int kw,
      boolean bias) {
    var narrow = trip(plan, new ConvSpec(DType.FLOAT32, n, h, w, c, k, kh, kw, bias));
    var spec = new ConvSpec(DType.FLOAT64, n, h, w, c, k, kh, kw, bias);
    var wide = trip(PlainConvolution::new, spec);
    for (int part = 0; part < wide.length; part++) {
      double largest = 1;
      for (double value : wide[part]) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < wide[part].length; i++) {
        int at = i;
        String name = List.of("y", "y added", "dx", "dw", "db").get(part);
        assertEquals(
            wide[part][i], narrow[part][i], 2e-6 * largest, () -> spec + ": " + name + " " + at);
      }
    }
  }

  /** y, y added to, dx, dw and db, the gradients added to what was there. */
  private static double[][] trip(Function<ConvSpec, ConvPlan> plans, ConvSpec s) {
    try (var arena = device.arena()) {
      var stream = device.takeStream();
      var plan = plans.apply(s);
      var x = frames(arena, s, 1, s.inputs());
      var dy = frames(arena, s, 2, s.outputs());
      var w =
          Samples.tensor(
              arena, s.type(), 3, s.outputs(), s.inputs(), s.kernelHeight(), s.kernelWidth());
      var b = Samples.tensor(arena, s.type(), 4, s.outputs());
      var packed = arena.zeros(s.type(), Shape.of(plan.packedBytes()));
      plan.pack(stream, s.bias() ? List.of(w, b) : List.of(w), packed);
      var y = frames(arena, s, 5, s.outputs());
      plan.forward(stream, packed, x, y, false);
      var added = frames(arena, s, 5, s.outputs());
      plan.forward(stream, packed, x, added, true);
      var dx = frames(arena, s, 6, s.inputs());
      plan.backwardData(stream, packed, dy, dx);
      var dw =
          Samples.tensor(
              arena, s.type(), 7, s.outputs(), s.inputs(), s.kernelHeight(), s.kernelWidth());
      var db = Samples.tensor(arena, s.type(), 8, s.outputs());
      plan.backwardWeights(stream, x, dy, dw, s.bias() ? db : null);
      device.giveBack(stream);
      return new double[][] {
        y.doubles(), added.doubles(), dx.doubles(), dw.doubles(), db.doubles()
      };
    }
  }

  private static Tensor frames(DeviceArena arena, ConvSpec s, long seed, int channels) {
    return Samples.tensor(arena, s.type(), seed, s.batch(), s.height(), s.width(), channels);
  }
}
