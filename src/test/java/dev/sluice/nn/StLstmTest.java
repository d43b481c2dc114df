package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EachDevice
class StLstmTest extends OnDevice {
  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.inference(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  private Tensor random(int seed, long... dims) {
    var shape = Shape.of(dims);
    var values = new Random(seed).doubles(shape.elements(), -1, 1).toArray();
    return pass.empty(DType.FLOAT64, shape).set(values);
  }

  private StLstm.State state(long... dims) {
    return new StLstm.State(random(1, dims), random(2, dims), random(3, dims));
  }

  @Test
  void withoutWeightsItForgetsByItsConstantAlone() {
    var cell = new StLstm(new StLstm.Config(2, 3, 3), DType.FLOAT64, Weights.random(1), arena);
    for (var parameter : cell.parameters()) {
      parameter.value().set(new double[(int) parameter.value().shape().elements()]);
      parameter.changed();
    }
    var before = state(2, 4, 5, 3);
    var after = cell.step(pass, random(4, 2, 4, 5, 2), before);
    double f = 1 / (1 + Math.exp(-1));
    assertArrayEquals(scaled(f, before.c()), after.c().doubles(), 1e-15);
    assertArrayEquals(scaled(f, before.m()), after.m().doubles(), 1e-15);
    assertArrayEquals(scaled(0, before.h()), after.h().doubles(), 0);
  }

  private static double[] scaled(double factor, Tensor tensor) {
    var values = tensor.doubles();
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
    return values;
  }

  @Test
  void aSequenceIsItsSteps() {
    var config = new StLstm.Config(2, 3, 3, 1, new ConvLstm.Config.Frame(4, 5));
    var cell = new StLstm(config, DType.FLOAT64, Weights.random(1), arena);
    var x = random(4, 3, 2, 4, 5, 2);
    var state = state(2, 4, 5, 3);
    var whole = cell.forward(pass, x, state);
    for (int t = 0; t < 3; t++) {
      state = cell.step(pass, x.at(t), state);
      assertArrayEquals(whole.y().at(t).doubles(), state.h().doubles(), 1e-14);
    }
    assertArrayEquals(whole.last().c().doubles(), state.c().doubles(), 1e-14);
    assertArrayEquals(whole.last().m().doubles(), state.m().doubles(), 1e-14);
  }

  @Test
  void itsParametersAreTheOfficialOnes() {
    var plain = new StLstm(new StLstm.Config(2, 3, 3), Weights.random(1), arena);
    assertEquals(
        "[conv_x.0.weight, conv_h.0.weight, conv_m.0.weight, conv_o.0.weight, conv_last.weight]",
        plain.parameters().stream().map(Parameter::name).toList().toString());
    assertEquals(1125, plain.parameterCount());
    var config = new StLstm.Config(2, 3, 3, 3, new ConvLstm.Config.Frame(13, 9));
    assertEquals(11655, new StLstm(config, Weights.random(1), arena).parameterCount());
  }

  @Test
  void refusesFramesThatItsLayerNormDoesNotFit() {
    var config = new StLstm.Config(1, 2, 3, 3, new ConvLstm.Config.Frame(13, 9));
    var cell = new StLstm(config, Weights.random(1), arena);
    var x = pass.zeros(DType.FLOAT32, Shape.of(2, 1, 9, 13, 1));
    var e = assertThrows(IllegalArgumentException.class, () -> cell.forward(pass, x, null));
    assertEquals(
        "stlstm: x: expected [T, N, 13, 9, 1] ([T, N, H, W, C]), got [2, 1, 9, 13, 1]",
        e.getMessage());
  }

  @Test
  void refusesAStateOfOtherSizes() {
    var cell = new StLstm(new StLstm.Config(2, 3, 3), DType.FLOAT64, Weights.random(1), arena);
    var x = random(4, 2, 4, 5, 2);
    var good = state(2, 4, 5, 3);
    var bad = new StLstm.State(good.h(), good.c(), random(1, 2, 4, 5, 4));
    var e = assertThrows(IllegalArgumentException.class, () -> cell.step(pass, x, bad));
    assertEquals(
        "stlstm: m: expected [2, 4, 5, 3] ([N, H, W, K]), got [2, 4, 5, 4]", e.getMessage());
  }

  @Test
  void refusesAnEvenKernel() {
    var e = assertThrows(IllegalArgumentException.class, () -> new StLstm.Config(2, 3, 3, 4, null));
    assertEquals(
        "kernel: expected odd sizes, since the frame keeps its size, got 3x4", e.getMessage());
  }

  @Test
  void theExampleRuns() {
    try (var device = Device.best();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var cell = new StLstm(new StLstm.Config(1, 16, 5), Weights.random(1), arena);
      var frames = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 1));
      var y = cell.forward(pass, frames, null).y(); // [10, 2, 32, 32, 16]
      assertEquals(Shape.of(10, 2, 32, 32, 16), y.shape());
    }
  }
}
