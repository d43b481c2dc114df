package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

@EachDevice
class LayerNormTest {
  /** Mean and variance by the definition; gamma and beta looked up in [C, H, W]. */
  private static double[] expected(double[] x, float[] gamma, float[] beta, int area, int c) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    var y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int at = i % c * area + i / c;
      y[i] = (x[i] - mean) / Math.sqrt(variance + 1e-5) * gamma[at] + beta[at];
    }
    return y;
  }

  @Test
  void normalisesChannelsAndPixelsTogether() {
    var random = new Random(1);
    int c = 3;
    int area = 4 * 5;
    var gamma = new float[c * area];
    var beta = new float[c * area];
    for (int i = 0; i < gamma.length; i++) {
      gamma[i] = random.nextFloat();
      beta[i] = random.nextFloat();
    }
    var shape = Shape.of(c, 4, 5);
    var weights =
        Weights.of(
            Map.of("weight", new HostTensor(shape, gamma), "bias", new HostTensor(shape, beta)));
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      for (var type : new DType[] {DType.FLOAT64, DType.FLOAT32}) {
        var norm = new LayerNorm(c, 4, 5, type, weights, arena);
        var x = random.doubles(2 * c * area, 3, 9).map(v -> (float) v).toArray();
        var y = norm.forward(pass, pass.empty(type, Shape.of(2, 4, 5, c)).set(x)).doubles();
        double limit = type == DType.FLOAT64 ? 1e-12 : 2e-6;
        for (int n = 0; n < 2; n++) {
          var frame = Arrays.copyOfRange(x, n * c * area, (n + 1) * c * area);
          var got = Arrays.copyOfRange(y, n * c * area, (n + 1) * c * area);
          assertArrayEquals(expected(frame, gamma, beta, area, c), got, limit);
        }
      }
    }
  }

  @Test
  void aFarMeanCostsNoDigits() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var norm = new LayerNorm(64, 32, 32, DType.FLOAT32, Weights.random(1), arena);
      var x = new float[64 * 32 * 32];
      for (int i = 0; i < x.length; i++) {
        x[i] = 1000 + i % 2;
      }
      var y = norm.forward(pass, pass.tensor(Shape.of(1, 32, 32, 64), x)).floats();
      for (int i = 0; i < y.length; i++) {
        assertEquals(i % 2 == 0 ? -1 : 1, y[i], 1e-4);
      }
    }
  }

  @Test
  void refusesAnotherFrame() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var norm = new LayerNorm(3, 13, 9, DType.FLOAT32, Weights.random(1), arena);
      var x = pass.zeros(DType.FLOAT32, Shape.of(2, 9, 13, 3));
      var e = assertThrows(IllegalArgumentException.class, () -> norm.forward(pass, x));
      assertEquals(
          "layer norm: x: expected FLOAT32 [..., 13, 9, 3], the frame it was made for,"
              + " got FLOAT32 [2, 9, 13, 3]",
          e.getMessage());
    }
  }

  @Test
  void theExampleRuns() {
    try (var device = Device.best();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var norm = new LayerNorm(3, 13, 9, DType.FLOAT32, Weights.random(1), arena);
      var y = norm.forward(pass, pass.zeros(DType.FLOAT32, Shape.of(2, 13, 9, 3)));
      assertEquals(Shape.of(2, 13, 9, 3), y.shape());
    }
  }
}
