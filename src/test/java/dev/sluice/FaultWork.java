package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.train.Adam;
import dev.sluice.train.Checkpoint;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Work that native calls fail in; each makes all it needs and closes it. */
enum FaultScenario {
  /** What a process asks once, before it opens the first device. */
  INSTALLATION {
    @Override
    float[] run(Device device, Path folder) {
      return new float[] {Installation.look().devices()};
    }
  },
  OPEN_AND_CLOSE {
    @Override
    float[] run(Device device, Path folder) {
      try (var own = Simulator.open();
          var arena = own.arena()) {
        return arena.tensor(Shape.of(3), new float[] {1, 2, 3}).floats();
      }
    }
  },
  LSTM_INFERENCE {
    @Override
    float[] run(Device device, Path folder) {
      return inferred(device, FaultScenario::lstm, FaultScenario::lstmLoss);
    }
  },
  CONV_LSTM_INFERENCE {
    @Override
    float[] run(Device device, Path folder) {
      return inferred(device, FaultScenario::convLstm, FaultScenario::convLstmLoss);
    }
  },
  LSTM_TRAINING {
    @Override
    float[] run(Device device, Path folder) {
      return trained(device, FaultScenario::lstm, FaultScenario::lstmLoss);
    }
  },
  /** Of cuBLAS and kernels, since cuDNN has no such network. */
  COMPOSED_INFERENCE {
    @Override
    float[] run(Device device, Path folder) {
      return inferred(
          device,
          arena -> Rnn.gruResetBefore(2, 3).build(Weights.random(1), arena),
          FaultScenario::lstmLoss);
    }
  },
  CONV_GRU_TRAINING {
    @Override
    float[] run(Device device, Path folder) {
      return trained(
          device,
          arena ->
              new ConvGru(new ConvGru.Config(1, 2, 3), DType.FLOAT32, "", Weights.random(1), arena),
          (pass, layer) -> loss(pass, ((ConvGru) layer).forward(pass, frames(pass), null).y()));
    }
  },
  ENCODER_FORECASTER_TRAINING {
    @Override
    float[] run(Device device, Path folder) {
      return trained(
          device,
          arena ->
              new EncoderForecaster(
                  new EncoderForecaster.Config(1, List.of(2), 3, 1, null, true),
                  Weights.random(1),
                  arena),
          (pass, model) -> loss(pass, ((EncoderForecaster) model).forward(pass, frames(pass), 1)));
    }
  },
  CHECKPOINT {
    @Override
    float[] run(Device device, Path folder) {
      try (var arena = device.arena("a model")) {
        var first = lstm(arena);
        var trainer = trainer(device, first, arena);
        trainer.step(pass -> lstmLoss(pass, first));
        trainer.save(folder, Map.of());
        var second = lstm(arena);
        var other = trainer(device, second, arena);
        other.restore(Checkpoint.open(folder));
        return new float[] {(float) other.step(pass -> lstmLoss(pass, second)), other.steps()};
      }
    }
  },
  /** Plans and algorithms are timed, since no earlier run left its choices. */
  CHOICES {
    @Override
    float[] run(Device device, Path folder) {
      forget(Path.of(System.getProperty("sluice.cache")));
      try (var own = Simulator.open();
          var arena = own.arena("a model")) {
        var lstm = lstm(arena);
        var frames = convLstm(arena);
        try (var pass = Pass.inference(own)) {
          var both = Loss.sum(pass, lstmLoss(pass, lstm), convLstmLoss(pass, frames));
          return both.floats();
        }
      }
    }
  },
  /** Blocks that fit nobody go back to the system while work goes on. */
  SHORT_OF_MEMORY {
    @Override
    float[] run(Device device, Path folder) {
      long most = 16L << 20;
      try (var own = Simulator.open(Device.Options.defaults().memoryCap(most))) {
        for (int i = 0; i < 3; i++) {
          try (var arena = own.arena();
              var other = own.arena()) {
            arena.empty(DType.FLOAT32, Shape.of(most >> 4 + i));
            other.tensor(Shape.of(2), new float[] {i, 2});
          }
        }
        try (var arena = own.arena()) {
          arena.empty(DType.FLOAT32, Shape.of((most >> 2) - 1024));
          return new float[] {own.memory().used()};
        }
      }
    }
  };

  /**
   * Does the work.
   *
   * @param device open, for the scenarios that {@link #opens} none
   * @param folder for files
   * @return what came of it, the same each time
   */
  abstract float[] run(Device device, Path folder);

  /** Whether it opens the device, if any, itself. */
  boolean opens() {
    return this == INSTALLATION
        || this == OPEN_AND_CLOSE
        || this == CHOICES
        || this == SHORT_OF_MEMORY;
  }

  /** Three times: as it comes, captured, and replayed. */
  private static float[] inferred(Device device, Make make, BiFunction<Pass, Layer, Tensor> work) {
    try (var arena = device.arena("a model")) {
      var layer = make.in(arena);
      var losses = new float[3];
      for (int i = 0; i < losses.length; i++) {
        try (var pass = Pass.inference(device)) {
          losses[i] = work.apply(pass, layer).floats()[0];
        }
      }
      return losses;
    }
  }

  /** Three steps: as they come, captured, and replayed. */
  private static float[] trained(Device device, Make make, BiFunction<Pass, Layer, Tensor> work) {
    try (var arena = device.arena("a model")) {
      var layer = make.in(arena);
      var adam = new Adam(layer.parameters(), 0.01, arena);
      var losses = new float[3];
      for (int i = 0; i < losses.length; i++) {
        try (var pass = Pass.training(device)) {
          var loss = work.apply(pass, layer);
          pass.backward(loss);
          adam.step();
          losses[i] = loss.floats()[0];
        }
      }
      var weights = layer.parameters().getFirst().value().floats();
      var all = Arrays.copyOf(losses, losses.length + weights.length);
      System.arraycopy(weights, 0, all, losses.length, weights.length);
      return all;
    }
  }

  private interface Make {
    Layer in(DeviceArena arena);
  }

  private static Rnn lstm(DeviceArena arena) {
    return Rnn.lstm(2, 3).build(Weights.random(1), arena);
  }

  private static ConvLstm convLstm(DeviceArena arena) {
    return new ConvLstm(new ConvLstm.Config(1, 2, 3), Weights.random(2), arena);
  }

  private static Tensor lstmLoss(Pass pass, Layer layer) {
    var x = pass.tensor(Shape.of(2, 2, 2), Samples.floats(1, 8));
    return loss(pass, ((Rnn) layer).forward(pass, x).y());
  }

  private static Tensor convLstmLoss(Pass pass, Layer layer) {
    return loss(pass, ((ConvLstm) layer).forward(pass, frames(pass), null).y());
  }

  private static Tensor frames(Pass pass) {
    return pass.tensor(Shape.of(2, 1, 3, 3, 1), Samples.floats(2, 18));
  }

  private static Tensor loss(Pass pass, Tensor y) {
    var wanted = new float[Math.toIntExact(y.shape().elements())];
    return Loss.mse().of(pass, y, pass.tensor(y.shape(), wanted));
  }

  private static Trainer trainer(Device device, Layer model, DeviceArena arena) {
    var adam = new Adam(model.parameters(), 0.01, arena);
    return new Trainer(device, model, adam, Schedule.constant(0.01), 1);
  }

  private static void forget(Path cache) {
    try (var files = Files.list(cache)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
