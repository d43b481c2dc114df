package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.EachDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.TestDevice;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions against the layers that they are made of: the same bits, step by step. */
@EachDevice
class SessionTest {
  private static final int STEPS = 6;

  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = TestDevice.open(2);
    arena = device.arena();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  private static Weights weights() {
    return Weights.random(1);
  }

  private enum Cell {
    LSTM {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.lstm(5, 20).layers(2).build(weights(), arena), steps, 3);
      }
    },
    PROJECTED {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.lstm(5, 20).projection(7).build(weights(), arena), steps, 2);
      }
    },
    ONE_ROW {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.lstm(40, 300).peephole(true).build(weights(), arena), steps, 1);
      }
    },
    SHARES {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.lstm(5, 20).layers(2).build(weights(), arena), steps, 20);
      }
    },
    GRU {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.gru(5, 20).build(weights(), arena), steps, 3);
      }
    },
    GRU_BEFORE {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.gruResetBefore(5, 20).build(weights(), arena), steps, 1);
      }
    },
    ELMAN {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(Rnn.tanh(5, 20).build(weights(), arena), steps, 2);
      }
    },
    CONV_LSTM {
      @Override
      Session of(DeviceArena arena, int steps) {
        var cell = new ConvLstm(new ConvLstm.Config(3, 16, 3), weights(), arena);
        return Session.of(cell, steps, 2, 6, 5);
      }
    },
    PEEPHOLES {
      @Override
      Session of(DeviceArena arena, int steps) {
        var config = new ConvLstm.Config(2, 4, 1, 1, new ConvLstm.Config.Frame(6, 5));
        return Session.of(new ConvLstm(config, weights(), arena), steps, 2, 6, 5);
      }
    },
    CONV_GRU {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(convGru(ConvGru.Reset.BEFORE, arena), steps, 2, 6, 5);
      }
    },
    CONV_GRU_AFTER {
      @Override
      Session of(DeviceArena arena, int steps) {
        return Session.of(convGru(ConvGru.Reset.AFTER, arena), steps, 2, 6, 5);
      }
    },
    ST_LSTM {
      @Override
      Session of(DeviceArena arena, int steps) {
        var cell = new StLstm(new StLstm.Config(3, 16, 3), weights(), arena);
        return Session.of(cell, steps, 2, 6, 5);
      }
    },
    ST_LSTM_NORMED {
      @Override
      Session of(DeviceArena arena, int steps) {
        var config = new StLstm.Config(3, 16, 3, 3, new ConvLstm.Config.Frame(6, 5));
        return Session.of(new StLstm(config, weights(), arena), steps, 2, 6, 5);
      }
    },
    CAUSAL_LSTM {
      @Override
      Session of(DeviceArena arena, int steps) {
        var cell = new CausalLstm(new CausalLstm.Config(3, 16, 3), weights(), arena);
        return Session.of(cell, steps, 2, 6, 5);
      }
    };

    private static ConvGru convGru(ConvGru.Reset reset, DeviceArena arena) {
      var config = new ConvGru.Config(3, 16, 3, 3, reset, RnnSpec.Blend.KEEP);
      return new ConvGru(config, DType.FLOAT32, "", weights(), arena);
    }

    abstract Session of(DeviceArena arena, int steps);
  }

  private static int count(Tensor tensor) {
    return (int) tensor.shape().elements();
  }

  private static float[] step(Session session, int seed) {
    var y = new float[count(session.y())];
    session.step(Samples.floats(seed, count(session.x())), y);
    return y;
  }

  @ParameterizedTest
  @EnumSource
  void stepsAreTheLayers(Cell cell) {
    for (int steps : new int[] {1, 3}) {
      try (var session = cell.of(arena, steps)) {
        for (int i = 0; i < STEPS; i++) {
          var expected = throughLayers(session, i);
          assertArrayEquals(expected, step(session, i), cell + " step " + i);
        }
      }
    }
  }

  private float[] throughLayers(Session session, int seed) {
    try (var pass = Pass.inference(device)) {
      var before = new ArrayList<Tensor>();
      for (var state : session.states()) {
        before.add(pass.tensor(state.shape(), state.floats()));
      }
      var x = pass.tensor(session.x().shape(), Samples.floats(seed, count(session.x())));
      return session.model().step(pass, x, before).y().floats();
    }
  }

  @Test
  void tokensGoThroughAModelWithoutStates() {
    var model =
        Sequential.of(Block.embedding(30, 8), Block.lstm(12), Block.dense(4, Activation.SOFTMAX))
            .build(weights(), arena);
    var shape = Shape.of(7, 2);
    try (var session = Session.of(model, DType.INT32, shape, model::forward)) {
      var y = new float[8];
      for (int i = 0; i < STEPS; i++) {
        int[] tokens = new int[14];
        int seed = i;
        Arrays.setAll(tokens, at -> (at * 7 + seed * 11) % 30);
        session.step(tokens, y);
        try (var pass = Pass.inference(device)) {
          assertArrayEquals(model.forward(pass, shape, tokens).floats(), y);
        }
      }
    }
  }

  @Test
  void framesGoThroughAForecaster() {
    var config = new EncoderForecaster.Config(1, List.of(4, 3), 3, 2, null, true);
    var model = new EncoderForecaster(config, weights(), arena);
    var shape = Shape.of(3, 2, 8, 6, 1);
    try (var session =
        Session.of(model, DType.FLOAT32, shape, (pass, x) -> model.forward(pass, x, 2))) {
      for (int i = 0; i < 3; i++) {
        var y = step(session, i);
        try (var pass = Pass.inference(device)) {
          var x = pass.tensor(shape, Samples.floats(i, shape.elements()));
          assertArrayEquals(model.forward(pass, x, 2).floats(), y);
        }
      }
    }
  }

  /** What a model makes of numbers on the host cannot be done again without it. */
  @Test
  void aModelMayReadItsInput() {
    var linear = new Linear(1, 1, weights(), arena);
    try (var session =
        Session.of(
            linear,
            DType.FLOAT32,
            Shape.of(1),
            (pass, x) -> pass.tensor(Shape.of(1), new float[] {2 * x.floats()[0]}))) {
      var y = new float[1];
      for (int i = 0; i < STEPS; i++) {
        session.step(new float[] {i}, y);
        assertEquals(2 * i, y[0]);
      }
    }
  }

  /** Numbers that a model brings along are there anew in each step, whatever became of them. */
  @Test
  void whatAModelUploadsIsUploadedAgain() {
    var linear = new Linear(1, 1, weights(), arena);
    try (var session =
        Session.of(
            linear,
            DType.FLOAT32,
            Shape.of(1),
            (pass, x) -> {
              var sum = pass.tensor(Shape.of(1), new float[] {100});
              device.backend().kernel("add").run(pass.stream(), new double[0], x, sum);
              return sum;
            })) {
      var y = new float[1];
      for (int i = 0; i < STEPS; i++) {
        session.step(new float[] {i}, y);
        assertEquals(100 + i, y[0]);
      }
    }
  }

  @Test
  void noticesNewWeights() {
    var lstm = Rnn.lstm(5, 20).build(weights(), arena);
    try (var session = Session.of(lstm, 1, 3)) {
      var old = step(session, 1);
      lstm.parameters().getFirst().value().set(Samples.floats(9, 4 * 20 * 5));
      lstm.parameters().getFirst().changed();
      session.reset();
      var now = step(session, 1);
      assertFalse(Arrays.equals(old, now));
      try (var fresh = Session.of(lstm, 1, 3)) {
        assertArrayEquals(step(fresh, 1), now);
      }
    }
  }

  /** More shapes than plans are kept: the session's own plan is put out. */
  @Test
  void outlivesItsPlan() {
    var rnn = Rnn.tanh(2, 3).build(weights(), arena);
    try (var session = Session.of(rnn, 1, 1)) {
      var before = step(session, 1);
      for (int batch = 2; batch < 300; batch++) {
        try (var pass = Pass.inference(device)) {
          rnn.forward(pass, pass.zeros(DType.FLOAT32, Shape.of(1, batch, 2)));
        }
      }
      session.reset();
      assertArrayEquals(before, step(session, 1));
    }
  }

  @Test
  void carriesAndForgets() {
    try (var session = Cell.GRU.of(arena, 1)) {
      var first = step(session, 1);
      assertFalse(Arrays.equals(first, step(session, 1)));
      session.reset();
      assertArrayEquals(first, step(session, 1));
    }
  }

  @Test
  void goesFromThreadToThread() throws InterruptedException {
    try (var session = Cell.SHARES.of(arena, 2)) {
      var first = step(session, 1);
      session.reset();
      assertNull(Samples.thrownElsewhere(() -> assertArrayEquals(first, step(session, 1))));
      session.reset();
      assertArrayEquals(first, step(session, 1));
    }
  }

  @Test
  void saysWhatItExpected() {
    try (var session = Cell.GRU.of(arena, 1)) {
      var y = new float[60];
      assertEquals(
          "session: x: expected 15 elements of FLOAT32 [1, 3, 5], got 14 of FLOAT32",
          thrown(() -> session.step(new float[14], y)));
      assertEquals(
          "session: y: expected 60 elements of FLOAT32 [1, 3, 20], got 61 of FLOAT32",
          thrown(() -> session.step(new float[15], new float[61])));
      assertEquals(
          "session: x: expected 15 elements of FLOAT32 [1, 3, 5], got 15 of INT32",
          thrown(() -> session.step(new int[15], y)));
    }
    var both = Rnn.gru(2, 3).bidirectional().build(weights(), arena);
    assertEquals(
        "session: expected a network in one direction, since the other one begins at the end of"
            + " what is still to come, got both",
        thrown(() -> Session.of(both, 1, 1)));
  }

  @Test
  void isClosedAfterwards() {
    var session = Cell.ELMAN.of(arena, 1);
    session.close();
    session.close();
    var message = "session: expected open, but it is closed";
    assertEquals(message, assertThrows(IllegalStateException.class, session::step).getMessage());
    var x = new float[(int) session.x().shape().elements()];
    var y = new float[(int) session.y().shape().elements()];
    assertEquals(
        message, assertThrows(IllegalStateException.class, () -> session.step(x, y)).getMessage());
    try (var next = Cell.ELMAN.of(arena, 1)) {
      next.step();
    }
  }

  @Test
  void isNotClosedDuringAStep() throws InterruptedException {
    var during = new AtomicReference<Runnable>(() -> {});
    var linear = new Linear(1, 1, weights(), arena);
    try (var session =
        Session.of(
            linear,
            DType.FLOAT32,
            Shape.of(1, 1),
            (pass, x) -> {
              during.get().run();
              return linear.forward(pass, x);
            })) {
      during.set(
          () -> {
            try {
              var e = Samples.thrownElsewhere(session::close);
              assertInstanceOf(IllegalStateException.class, e);
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          });
      linear.parameters().getFirst().changed();
      session.step(new float[1], new float[1]);
    }
  }

  private static String thrown(org.junit.jupiter.api.function.Executable work) {
    return assertThrows(IllegalArgumentException.class, work).getMessage();
  }
}
