package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.lang.management.ManagementFactory;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Bytes of Java heap that steps take in all threads, once they are compiled. In a JVM of its own:
 * after thousands of other tests C2 now and then leaves a loop's vectors objects for good.
 */
@Tag("alone")
class AllocationTest {
  private static final int ROUNDS = 600;

  /** Steps that are measured together: one that takes heap only now and then is seen as well. */
  private static final int TOGETHER = 20;

  /** What runs the tests has a thread that makes an object every 100 ms. */
  private static final long QUIET = 50_000_000L;

  /** Compiling takes a second; it may have to wait for a core. */
  private static final long PATIENCE = 60_000_000_000L;

  private static final long TRAINING_STEP = 16 << 10;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private enum Model {
    LSTM(arena -> Rnn.lstm(8, 16).layers(2).build(weights(), arena)),
    BOTH_WAYS(arena -> Rnn.lstm(8, 16).layers(2).bidirectional().build(weights(), arena)),
    GRU(arena -> Rnn.gru(8, 16).build(weights(), arena)),
    GRU_BEFORE(arena -> Rnn.gruResetBefore(8, 16).build(weights(), arena)),
    ELMAN(arena -> Rnn.tanh(8, 16).build(weights(), arena)),
    CONV_LSTM(arena -> new ConvLstm(new ConvLstm.Config(8, 16, 3), weights(), arena)),
    CONV_GRU(
        arena -> new ConvGru(new ConvGru.Config(8, 16, 3), DType.FLOAT32, "", weights(), arena)),
    ST_LSTM(arena -> new StLstm(new StLstm.Config(8, 16, 3), weights(), arena)),
    CAUSAL_LSTM(arena -> new CausalLstm(new CausalLstm.Config(8, 16, 3), weights(), arena)),
    LINEAR(arena -> new Linear(8, 16, weights(), arena)),
    STACK(
        arena ->
            Sequential.of(Block.lstm(16), Block.dense(8, Activation.RELU), Block.dense(1))
                .input(Sequential.ANY, 8)
                .build(weights(), arena));

    final Function<DeviceArena, Layer> make;

    Model(Function<DeviceArena, Layer> make) {
      this.make = make;
    }

    private static Weights weights() {
      return Weights.random(1);
    }
  }

  private static Session session(Layer layer, int steps, int batch) {
    return switch (layer) {
      case Rnn rnn -> Session.of(rnn, steps, batch);
      case ConvLstm cell -> Session.of(cell, steps, batch, 8, 8);
      case ConvGru cell -> Session.of(cell, steps, batch, 8, 8);
      case MemoryCell cell -> Session.of(cell, steps, batch, 8, 8);
      default -> Session.of(layer, DType.FLOAT32, shape(layer, steps, batch), forward(layer));
    };
  }

  private static Shape shape(Layer layer, int steps, int batch) {
    boolean frames =
        !(layer instanceof Rnn || layer instanceof Linear || layer instanceof Sequential);
    return frames ? Shape.of(steps, batch, 8, 8, 8) : Shape.of(steps, batch, 8);
  }

  private static BiFunction<Pass, Tensor, Tensor> forward(Layer layer) {
    return switch (layer) {
      case Rnn rnn -> (pass, x) -> rnn.forward(pass, x).y();
      case ConvLstm cell -> (pass, x) -> cell.forward(pass, x, null).y();
      case ConvGru cell -> (pass, x) -> cell.forward(pass, x, null).y();
      case MemoryCell cell -> (pass, x) -> cell.forward(pass, x, null).y();
      case Linear linear -> linear::forward;
      case Sequential model -> model::forward;
      default -> throw new AssertionError(layer);
    };
  }

  /** One row and one step, and a batch that is cut into shares over some steps. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOTH_WAYS")
  void aSessionsStepTakesNoHeap(Model model) {
    for (int[] shape : new int[][] {{1, 1}, {12, 16}}) {
      try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(2));
          var arena = device.arena();
          var session = session(model.make.apply(arena), shape[0], shape[1])) {
        var x = new float[(int) session.x().shape().elements()];
        var y = new float[(int) session.y().shape().elements()];
        long bytes = bytes(() -> session.step(x, y), 0);
        assertTrue(bytes == 0, model + " " + session.x() + " takes " + bytes + " bytes a step");
      }
    }
  }

  /** Forward, back, clipping and Adam, without the traces that assertions ask for. */
  @ParameterizedTest
  @EnumSource
  void aTrainingStepTakesLittle(Model model) {
    var loader = Device.class.getClassLoader();
    loader.setClassAssertionStatus(Device.class.getName(), false);
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(2));
        var arena = device.arena()) {
      var layer = model.make.apply(arena);
      var adam = new Adam(layer.parameters(), 1e-3, arena);
      var trainer = new Trainer(device, layer, adam, Schedule.constant(1e-3), 1);
      var forward = forward(layer);
      var x = arena.zeros(DType.FLOAT32, shape(layer, 12, 16));
      Function<Pass, Tensor> loss =
          pass -> {
            var y = forward.apply(pass, x);
            return Loss.mse().of(pass, y, pass.zeros(y.type(), y.shape()));
          };
      long bytes = bytes(() -> trainer.step(loss), TRAINING_STEP);
      assertTrue(bytes < TRAINING_STEP, model + " takes " + bytes + " bytes a step");
    } finally {
      loader.setClassAssertionStatus(Device.class.getName(), true);
    }
  }

  /** Steps until they take as little as they may, or as long as patience lasts. */
  private long bytes(Runnable step, long most) {
    long least = Long.MAX_VALUE;
    long end = System.nanoTime() + PATIENCE;
    while (least > most && System.nanoTime() < end) {
      int steps = 0;
      long before = threads.getTotalThreadAllocatedBytes();
      long begin = System.nanoTime();
      while (steps < TOGETHER && System.nanoTime() - begin < QUIET) {
        step.run();
        steps++;
      }
      least = Math.min(least, (threads.getTotalThreadAllocatedBytes() - before) / steps);
    }
    return least;
  }

  /** The smallest object has 16 bytes: a step that made one would be seen. */
  @ParameterizedTest
  @EnumSource(names = {"LSTM", "GRU", "GRU_BEFORE", "ELMAN"})
  void stepsOfASequenceTakeNoHeap(Model model) {
    for (boolean train : new boolean[] {false, true}) {
      long more = bytes(model, 110, train) - bytes(model, 10, train);
      assertTrue(more < 100 * 16, model + ", 100 steps more, training " + train + ": " + more);
    }
  }

  /** The least of many rounds on one thread: forward, and in training backward and Adam. */
  private long bytes(Model model, int steps, boolean train) {
    long least = Long.MAX_VALUE;
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(1));
        var arena = device.arena()) {
      var rnn = (Rnn) model.make.apply(arena);
      var adam = new Adam(rnn.parameters(), 1e-3, arena);
      var x = arena.tensor(steps, 8, 8);
      for (int round = 0; round < ROUNDS; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        try (var pass = train ? Pass.training(device) : Pass.inference(device)) {
          var y = rnn.forward(pass, x).y();
          if (train) {
            pass.gradient(y);
            pass.backward();
            adam.step();
          }
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
    }
    return least;
  }
}
