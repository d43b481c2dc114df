package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.TestDevice;
import dev.sluice.weights.Weights;
import org.junit.jupiter.api.Test;

@EachDevice
class CausalLstmTest {
  private static double s(double a) {
    return 1 / (1 + Math.exp(-a));
  }

  /** One pixel, one channel, a 1x1 kernel: every convolution is a product. */
  @Test
  void thePartsAreInTheOrderOfOpenStl() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var weights = Weights.random(7);
      var cell = new CausalLstm(new CausalLstm.Config(1, 1, 1), DType.FLOAT64, weights, arena);
      var w = cell.parameters().stream().map(p -> p.value().doubles()).toList();
      double x = 0.8;
      double h = -0.6;
      double c = 1.3;
      double m = -0.9;
      double[] wx = w.get(0);
      double[] wh = w.get(1);
      double[] wc = w.get(2);
      double[] wm = w.get(3);
      double[] wn = w.get(4);
      double i = s(wx[0] * x + wh[0] * h + wc[0] * c);
      double f = s(wx[1] * x + wh[1] * h + wc[1] * c + 1);
      double g = Math.tanh(wx[2] * x + wh[2] * h + wc[2] * c);
      double newC = f * c + i * g;
      double i2 = s(wx[3] * x + wm[0] * m + wn[0] * newC);
      double f2 = s(wx[4] * x + wm[1] * m + wn[2] * newC + 1);
      double g2 = Math.tanh(wx[5] * x + wn[1] * newC);
      double newM = f2 * Math.tanh(wm[2] * m) + i2 * g2;
      double o = Math.tanh(wx[6] * x + wh[3] * h + wn[3] * newC + w.get(5)[0] * newM);
      double newH = o * Math.tanh(w.get(6)[0] * newC + w.get(6)[1] * newM);
      var before = new CausalLstm.State(number(pass, h), number(pass, c), number(pass, m));
      var after = cell.step(pass, number(pass, x), before);
      assertEquals(newC, after.c().doubles()[0], 1e-15);
      assertEquals(newM, after.m().doubles()[0], 1e-15);
      assertEquals(newH, after.h().doubles()[0], 1e-15);
    }
  }

  private static Tensor number(Pass pass, double value) {
    return pass.empty(DType.FLOAT64, Shape.of(1, 1, 1, 1)).set(new double[] {value});
  }

  @Test
  void itsParametersAreThoseOfOpenStl() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var frame = new ConvLstm.Config.Frame(4, 6);
      var config = new CausalLstm.Config(2, 3, 5, 3, frame);
      var names =
          new CausalLstm(config, Weights.random(1), arena)
              .parameters().stream()
                  .filter(p -> !p.name().endsWith("bias"))
                  .map(p -> p.name() + " " + p.value().shape())
                  .toList();
      assertEquals(
          "[conv_x.0.weight [21, 2, 5, 3], conv_x.1.weight [21, 4, 6],"
              + " conv_h.0.weight [12, 3, 5, 3], conv_h.1.weight [12, 4, 6],"
              + " conv_c.0.weight [9, 3, 5, 3], conv_c.1.weight [9, 4, 6],"
              + " conv_m.0.weight [9, 3, 5, 3], conv_m.1.weight [9, 4, 6],"
              + " conv_c2m.0.weight [12, 3, 5, 3], conv_c2m.1.weight [12, 4, 6],"
              + " conv_om.0.weight [3, 3, 5, 3], conv_om.1.weight [3, 4, 6],"
              + " conv_last.weight [3, 6, 1, 1]]",
          names.toString());
    }
  }

  @Test
  void refusesFramesThatItsLayerNormDoesNotFit() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var config = new CausalLstm.Config(1, 2, 3, 3, new ConvLstm.Config.Frame(4, 6));
      var cell = new CausalLstm(config, Weights.random(1), arena);
      var x = pass.zeros(DType.FLOAT32, Shape.of(2, 1, 6, 4, 1));
      var e = assertThrows(IllegalArgumentException.class, () -> cell.forward(pass, x, null));
      assertEquals(
          "causal lstm: x: expected [T, N, 4, 6, 1] ([T, N, H, W, C]), got [2, 1, 6, 4, 1]",
          e.getMessage());
    }
  }

  @Test
  void theExampleRuns() {
    try (var device = Device.best();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var cell = new CausalLstm(new CausalLstm.Config(1, 16, 5), Weights.random(1), arena);
      var frames = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 1));
      var y = cell.forward(pass, frames, null).y(); // [10, 2, 32, 32, 16]
      assertEquals(Shape.of(10, 2, 32, 32, 16), y.shape());
    }
  }
}
