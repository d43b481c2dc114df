package dev.sluice;

import dev.sluice.nn.ConvGru;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.PredRnn;
import dev.sluice.nn.Rnn;
import dev.sluice.spi.RnnSpec;
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

/** Work that native calls fail in, on any engine; each makes all it needs and closes it. */
public enum FaultWork {
  OPEN_AND_CLOSE {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      try (var own = Device.open(engine);
          var arena = own.arena()) {
        return arena.tensor(Shape.of(3), new float[] {1, 2, 3}).floats();
      }
    }
  },
  LSTM_INFERENCE {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return inferred(device, FaultWork::lstm, FaultWork::lstmLoss);
    }
  },
  CONV_LSTM_INFERENCE {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return inferred(device, FaultWork::convLstm, FaultWork::convLstmLoss);
    }
  },
  LSTM_TRAINING {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return trained(device, FaultWork::lstm, FaultWork::lstmLoss);
    }
  },
  /** Batches of rows that threads of the CPU engine share, two layers, both directions. */
  SHARED_ROWS_TRAINING {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return trained(
          device,
          arena -> Rnn.lstm(2, 3).layers(2).bidirectional().build(Weights.random(1), arena),
          (pass, layer) -> {
            var x = pass.tensor(Shape.of(2, 32, 2), Samples.floats(1, 128));
            return loss(pass, ((Rnn) layer).forward(pass, x).y());
          });
    }
  },
  /** Of products and kernels on CUDA, since cuDNN has no such network. */
  COMPOSED_TRAINING {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return trained(
          device,
          arena ->
              Rnn.gruResetBefore(2, 3).blend(RnnSpec.Blend.UPDATE).build(Weights.random(1), arena),
          FaultWork::lstmLoss);
    }
  },
  /** Of products and kernels on CUDA, since cuDNN has no such network. */
  COMPOSED_INFERENCE {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return inferred(
          device,
          arena -> Rnn.gruResetBefore(2, 3).build(Weights.random(1), arena),
          FaultWork::lstmLoss);
    }
  },
  CONV_GRU_TRAINING {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      return trained(
          device,
          arena ->
              new ConvGru(new ConvGru.Config(1, 2, 3), DType.FLOAT32, "", Weights.random(1), arena),
          (pass, layer) -> loss(pass, ((ConvGru) layer).forward(pass, frames(pass), null).y()));
    }
  },
  /** ST-LSTM with layer norm, patches and the decoupling loss. */
  PREDRNN_TRAINING {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      var config =
          new PredRnn.Config(1, List.of(2), 3, 2, new ConvLstm.Config.Frame(2, 2), false, 0.1);
      return trained(
          device,
          arena -> new PredRnn(config, Weights.random(1), arena),
          (pass, model) -> {
            var x = pass.tensor(Shape.of(3, 1, 4, 4, 1), Samples.floats(2, 48));
            return ((PredRnn) model).loss(pass, x, 2, Loss.mse()::of);
          });
    }
  },
  ENCODER_FORECASTER_TRAINING {
    @Override
    public float[] run(String engine, Device device, Path folder) {
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
    public float[] run(String engine, Device device, Path folder) {
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
    public float[] run(String engine, Device device, Path folder) {
      forget(Path.of(System.getProperty("sluice.cache")));
      try (var own = Device.open(engine);
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
  /** As {@link #CHOICES}, where the CPU engine also tries frames of 8 or 16 channels a block. */
  BLOCKED_CHOICES {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      forget(Path.of(System.getProperty("sluice.cache")));
      try (var own = Device.open(engine)) {
        return trained(
            own,
            arena -> new ConvLstm(new ConvLstm.Config(16, 16, 3), Weights.random(2), arena),
            (pass, layer) -> {
              var x = pass.tensor(Shape.of(2, 1, 3, 3, 16), Samples.floats(2, 288));
              return loss(pass, ((ConvLstm) layer).forward(pass, x, null).y());
            });
      }
    }
  },
  /** Blocks that fit nobody go back to the system while work goes on. */
  SHORT_OF_MEMORY {
    @Override
    public float[] run(String engine, Device device, Path folder) {
      long most = 16L << 20;
      try (var own = Device.open(Device.Options.defaults().engine(engine).memoryCap(most))) {
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
   * @param engine to open a device of
   * @param device open, where the work {@link #opens} none
   * @param folder for files
   * @return what came of it, the same each time
   */
  public abstract float[] run(String engine, Device device, Path folder);

  /** Whether it opens the device, if any, itself. */
  public boolean opens() {
    return this == OPEN_AND_CLOSE
        || this == CHOICES
        || this == BLOCKED_CHOICES
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
