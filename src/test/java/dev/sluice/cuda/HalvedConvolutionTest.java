package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.StLstm;
import dev.sluice.spi.ConvSpec;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolutions whose factors the math mode rounds to halves. */
@Simulated
class HalvedConvolutionTest {
  private static final int STEPS = 3;

  /** The unit roundoff of a half. */
  private static double unit(MathMode mode) {
    return mode == MathMode.FLOAT16 ? 0x1p-11 : 0x1p-8;
  }

  private static Device open(MathMode mode) {
    return Simulator.open(Device.Options.defaults().math(mode));
  }

  private static float[] numbers(long seed, int count, boolean magnitudes) {
    var random = new Random(seed);
    var values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
      values[i] = magnitudes ? Math.abs(values[i]) : values[i];
    }
    return values;
  }

  /** y, dx and dw of one convolution, each added to zeros. */
  private static List<float[]> convolved(Device device, boolean magnitudes) {
    try (var arena = device.arena()) {
      var spec = new ConvSpec(DType.FLOAT32, 3, 6, 5, 4, 7, 3, 5, true);
      var plan = device.backend().convolution(spec);
      var x = tensor(arena, 1, magnitudes, 3, 6, 5, 4);
      var w = tensor(arena, 2, magnitudes, 7, 4, 3, 5);
      var y = tensor(arena, 3, magnitudes, 3, 6, 5, 7);
      var packed = arena.tensor(plan.packedBytes() / 4 + 1);
      var made = arena.tensor(3, 6, 5, 7);
      var dx = arena.tensor(3, 6, 5, 4);
      var dw = arena.tensor(7, 4, 3, 5);
      var stream = device.takeStream();
      try {
        plan.pack(stream, List.of(w, arena.tensor(7)), packed);
        plan.forward(stream, packed, x, made, true);
        plan.backwardData(stream, packed, y, dx);
        plan.backwardWeights(stream, x, y, dw, null);
      } finally {
        device.giveBack(stream);
      }
      return List.of(made.floats(), dx.floats(), dw.floats());
    }
  }

  private static Tensor tensor(DeviceArena arena, long seed, boolean magnitudes, long... dims) {
    var shape = Shape.of(dims);
    return arena.tensor(shape, numbers(seed, (int) shape.elements(), magnitudes));
  }

  /** Both factors and the result are rounded once each: three units of the sum of magnitudes. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void errsByTheRoundingOfItsFactorsAndResult(MathMode mode) {
    try (var exact = open(MathMode.EXACT);
        var halved = open(mode)) {
      var expected = convolved(exact, false);
      var magnitudes = convolved(exact, true);
      var got = convolved(halved, false);
      double off = 0;
      for (int i = 0; i < expected.size(); i++) {
        for (int j = 0; j < expected.get(i).length; j++) {
          double error = Math.abs(expected.get(i)[j] - got.get(i)[j]);
          double bound = 3.01 * unit(mode) * magnitudes.get(i)[j] + 1e-7;
          assertTrue(error <= bound, i + ", " + j + ": off by " + error + " of " + bound);
          off = Math.max(off, error);
        }
      }
      assertTrue(off > unit(mode) / 100, "nothing was rounded");
    }
    assertEquals("", Simulator.report());
  }

  private enum Cell {
    CONV_LSTM,
    CONV_GRU,
    ST_LSTM;

    Layer of(DeviceArena arena) {
      var weights = Weights.random(5);
      return switch (this) {
        case CONV_LSTM -> new ConvLstm(new ConvLstm.Config(2, 3, 3), weights, arena);
        case CONV_GRU ->
            new ConvGru(new ConvGru.Config(2, 3, 3), DType.FLOAT32, "", weights, arena);
        case ST_LSTM -> new StLstm(new StLstm.Config(2, 3, 3), weights, arena);
      };
    }
  }

  /** y, and each weight's gradient. */
  private static List<float[]> trip(Device device, Cell kind) {
    try (var arena = device.arena();
        var pass = Pass.training(device)) {
      var layer = kind.of(arena);
      var x = tensor(arena, 1, false, STEPS, 2, 5, 4, 2);
      var y =
          switch (layer) {
            case ConvLstm cell -> cell.forward(pass, x, null).y();
            case ConvGru cell -> cell.forward(pass, x, null).y();
            case StLstm cell -> cell.forward(pass, x, null).y();
            default -> throw new AssertionError(layer);
          };
      pass.backward(Loss.mse().of(pass, y, tensor(arena, 2, false, STEPS, 2, 5, 4, 3)));
      var all = new ArrayList<float[]>();
      all.add(y.floats());
      layer.parameters().forEach(p -> all.add(p.gradient().floats()));
      return all;
    }
  }

  /**
   * Sums of a step are off by three units of their magnitudes, at most L, the sum of a row's
   * weights, since states and inputs are below 1; each gate passes on at most a quarter of that,
   * tanh all of it, and steps add up. Gradients: the same, of their own largest element.
   */
  @ParameterizedTest
  @CsvSource({
    "CONV_LSTM, FLOAT16",
    "CONV_LSTM, BFLOAT16",
    "CONV_GRU, FLOAT16",
    "CONV_GRU, BFLOAT16",
    "ST_LSTM, FLOAT16",
    "ST_LSTM, BFLOAT16"
  })
  void cellsErrByNoMoreThanTheirStepsAddUp(Cell kind, MathMode mode) {
    try (var exact = open(MathMode.EXACT);
        var halved = open(mode)) {
      var expected = trip(exact, kind);
      var got = trip(halved, kind);
      double row = 4;
      for (int i = 0; i < expected.size(); i++) {
        double largest = i == 0 ? 1 : largest(expected.get(i));
        double bound = 3 * unit(mode) * row * STEPS * largest;
        double off = 0;
        for (int j = 0; j < expected.get(i).length; j++) {
          off = Math.max(off, Math.abs(expected.get(i)[j] - got.get(i)[j]));
        }
        assertTrue(off <= bound, "result " + i + ": off by " + off + ", expected at most " + bound);
        assertTrue(i > 0 || off > unit(mode) / 100, "nothing was rounded");
      }
    }
    assertEquals("", Simulator.report());
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
