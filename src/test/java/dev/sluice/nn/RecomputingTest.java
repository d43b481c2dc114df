package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecomputingTest {
  private static final int STEPS = 7;
  private static final ConvLstm.Config.Frame FRAME = new ConvLstm.Config.Frame(4, 4);
  private static final int[] LENGTHS = {7, 0, 4};

  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Device.open(Device.Options.defaults().threads(1));
    arena = device.arena();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  /** A layer or model, and how it makes what is learned from of x: [7, 2, 4, 4, 2] or [7, 3, 4]. */
  private record Subject(List<Parameter> parameters, Run run) {}

  private interface Run {
    Tensor of(Pass pass, Tensor x);
  }

  /** Everything that can be computed again. */
  private enum Kind {
    CONV_LSTM(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var cell = new ConvLstm(new ConvLstm.Config(2, 3, 3, 3, FRAME), type, "", w, arena);
        return new Subject(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).y());
      }
    },
    CONV_LSTM_OF_STATES(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var cell = new ConvLstm(new ConvLstm.Config(0, 2, 3), type, "", w, arena);
        return new Subject(
            cell.parameters(),
            (pass, x) -> {
              var last = cell.forward(pass, 5, new ConvLstm.State(x.at(0), x.at(1))).last();
              return Elementwise.concat(pass, List.of(last.h(), last.c()));
            });
      }
    },
    CONV_GRU(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var after = ConvGru.Reset.AFTER;
        var config = new ConvGru.Config(2, 3, 3, 3, after, RnnSpec.Blend.KEEP);
        var cell = new ConvGru(config, type, "", w, arena);
        return new Subject(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).y());
      }
    },
    ST_LSTM(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var cell = new StLstm(new MemoryCell.Config(2, 3, 3, 3, FRAME), type, w, arena);
        return new Subject(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).y());
      }
    },
    CAUSAL_LSTM(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var cell = new CausalLstm(new MemoryCell.Config(2, 3, 3), type, w, arena);
        // The memory alone is learned from.
        return new Subject(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).last().m());
      }
    },
    GHU(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var unit = new Ghu(new Ghu.Config(2, 3), type, w, arena);
        return new Subject(unit.parameters(), (pass, x) -> unit.forward(pass, x, null));
      }
    },
    LSTM(false) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        return of(Rnn.lstm(4, 5).layers(2).dropout(0.3).type(type).build(w, arena));
      }
    },
    LSTM_BOTH_WAYS(false) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        return of(Rnn.lstm(4, 5).layers(2).bidirectional().type(type).build(w, arena));
      }
    },
    GRU(false) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        return of(Rnn.gru(4, 5).type(type).build(w, arena));
      }
    },
    RNN(false) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        return of(Rnn.tanh(4, 5).layers(2).type(type).build(w, arena));
      }
    },
    PRED_RNN_V2(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var config = new PredRnn.Config(2, List.of(3, 3), 3, 1, null, true, 0.1);
        var model = new PredRnn(config, type, w, arena);
        return loss(model, (pass, x) -> model.loss(pass, x, 4, MASK, Loss.mse()::of));
      }
    },
    PRED_RNN_PLUS_PLUS(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var config = new PredRnnPlusPlus.Config(2, List.of(3, 3), 3, 2, null, false);
        var model = new PredRnnPlusPlus(config, type, w, arena);
        return loss(model, (pass, x) -> model.loss(pass, x, 4, Loss.mse()::of));
      }
    },
    ENCODER_FORECASTER(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var config = new EncoderForecaster.Config(2, List.of(3, 2), 3, 1, null, true);
        var model = new EncoderForecaster(config, type, w, arena);
        return loss(model, (pass, x) -> model.loss(pass, x, 4, Loss.mse()::of));
      }
    },
    FEEDBACK(true) {
      @Override
      Subject in(DType type, Weights w, DeviceArena arena) {
        var cell = FrameCell.CONV_LSTM;
        var config = new FrameFeedback.Config(cell, 2, List.of(3, 2), 3, 2, null, true);
        var model = new FrameFeedback(config, type, w, arena);
        return loss(model, (pass, x) -> model.loss(pass, x, 3, Loss.mse()::of));
      }
    };

    private static final float[] MASK = {1, 1, 0, 1, 0, 1, 0, 1, 0, 0};
    private final boolean frames;

    Kind(boolean frames) {
      this.frames = frames;
    }

    abstract Subject in(DType type, Weights weights, DeviceArena arena);

    private static Subject of(Rnn rnn) {
      return new Subject(rnn.parameters(), (pass, x) -> rnn.forward(pass, x, LENGTHS, null).y());
    }

    private static Subject loss(Layer model, Run loss) {
      return new Subject(model.parameters(), loss);
    }
  }

  private static double[] wave(long length) {
    var values = new double[(int) length];
    for (int i = 0; i < values.length; i++) {
      values[i] = StrictMath.sin(0.37 * i);
    }
    return values;
  }

  private static Tensor set(Tensor tensor) {
    var values = wave(tensor.shape().elements());
    if (tensor.type() == DType.FLOAT64) {
      return tensor.set(values);
    }
    var floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return tensor.set(floats);
  }

  /** Output, gradient of x, gradients of the parameters, of the sum of the output times a wave. */
  private List<double[]> trained(Kind kind, DType type, Pass pass) {
    var subject = kind.in(type, Weights.random(3), arena);
    try (pass) {
      var shape = kind.frames ? Shape.of(STEPS, 2, 4, 4, 2) : Shape.of(STEPS, 3, 4);
      var x = pass.watch(set(pass.empty(type, shape)));
      var y = subject.run.of(pass, x);
      set(pass.gradient(y));
      pass.backward();
      var all = new ArrayList<>(List.of(y.doubles(), pass.gradient(x).doubles()));
      subject.parameters.forEach(p -> all.add(p.gradient().doubles()));
      return all;
    }
  }

  /** The same segments, all of them kept, give the same bits. */
  @ParameterizedTest
  @EnumSource
  void givesTheSameBits(Kind kind) {
    for (var type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
      for (int segment : new int[] {1, 3, Pass.SQRT_OF_STEPS}) {
        var kept = trained(kind, type, Pass.recomputing(device, 1, segment).keepingSegments());
        var again = trained(kind, type, Pass.recomputing(device, 1, segment));
        for (int i = 0; i < kept.size(); i++) {
          assertArrayEquals(kept.get(i), again.get(i), type + ", " + segment + ", tensor " + i);
        }
      }
    }
  }

  /** A whole sequence adds its gradients up in another order. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LSTM") // whose dropout draws otherwise
  void isCloseToAWholeSequence(Kind kind) {
    for (var type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
      double tolerance = type == DType.FLOAT64 ? 1e-13 : 2e-5;
      var whole = trained(kind, type, Pass.training(device, 1));
      for (int segment : new int[] {1, 3, STEPS, STEPS + 1, Pass.SQRT_OF_STEPS}) {
        var again = trained(kind, type, Pass.recomputing(device, 1, segment));
        for (int i = 0; i < whole.size(); i++) {
          double scale = Math.max(1, Arrays.stream(whole.get(i)).map(Math::abs).max().orElse(0));
          assertArrayEquals(
              whole.get(i), again.get(i), tolerance * scale, type + ", " + segment + ", " + i);
        }
      }
    }
  }

  /** What is drawn in forward is drawn again, and not by anybody after it. */
  @Test
  void drawsTheSameRandomNumbersAgain() {
    var shape = Shape.of(1, 64);
    var dropout = new Dropout(0.5);
    try (var pass = Pass.recomputing(device, 5, 1)) {
      var x = pass.watch(set(pass.empty(DType.FLOAT32, shape)));
      var y =
          Recomputation.of(pass, List.of(x), List.of(), (p, _) -> List.of(dropout.forward(p, x)))
              .getFirst();
      var after = dropout.forward(pass, x);
      var ones = new float[64];
      Arrays.fill(ones, 1);
      pass.gradient(y).set(ones);
      pass.backward();
      float[] dx = pass.gradient(x).floats();
      int differ = 0;
      for (int i = 0; i < 64; i++) {
        assertEquals(y.floats()[i], x.floats()[i] * dx[i], 1e-6f);
        differ += (after.floats()[i] == 0) == (y.floats()[i] == 0) ? 0 : 1;
      }
      assertTrue(differ > 10, differ + " of 64");
    }
  }

  /** Of forty steps y and its gradient stay, and the gates or what they are made of again. */
  @Test
  void keepsLess() {
    var cell = new ConvLstm(new ConvLstm.Config(1, 16, 3), Weights.random(1), arena);
    long frame = 4L * 4 * 16 * 16 * 16;
    var highest = new ArrayList<Double>();
    for (int segment : new int[] {0, 1, Pass.SQRT_OF_STEPS}) {
      device.resetHighWater();
      long before = device.memory().used();
      try (var pass = Pass.recomputing(device, 1, segment)) {
        var x = pass.empty(DType.FLOAT32, Shape.of(40, 4, 16, 16, 1));
        pass.gradient(cell.forward(pass, set(x), null).y());
        pass.backward();
      }
      highest.add((device.memory().highWater() - before) / 40.0 / frame);
    }
    // Besides y and its gradient: what is kept of each step; c; what is kept of seven steps, and c
    // of each segment. And once: packed weights, some 3 frames, the last c, gradients of c.
    double step = device.title().startsWith("cpu") ? 2 : 5;
    assertEquals(2 + step + 9 / 40.0, highest.get(0), 0.15, "all kept");
    assertEquals(2 + 1 + (step + 6) / 40.0, highest.get(1), 0.15, "a step again at once");
    assertEquals(2 + (7 * step + 14) / 40.0, highest.get(2), 0.15, "sqrt(T)");
  }

  @Test
  void refusesNegativeSegments() {
    var e = assertThrows(IllegalArgumentException.class, () -> Pass.recomputing(device, 1, -2));
    assertEquals(
        "pass: expected segments of 1 or more steps, or 0 to keep all, got -2", e.getMessage());
  }
}
