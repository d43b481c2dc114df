package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole training steps on the simulated device: the CPU engine's numbers, and nothing needless. */
@Simulated
class CudaTrainingTest extends OnBoth {
  private enum Model {
    LSTM,
    GRU,
    CONV_LSTM,
    CONV_LSTM_PEEPHOLES
  }

  /** A model of one layer, trained on one batch that comes again and again. */
  private static final class Training implements AutoCloseable {
    final Device device;
    final DeviceArena arena;
    final Layer layer;
    final Model model;
    final Adam adam;
    final Tensor x;
    final Tensor wanted;

    Training(Device device, Model model) {
      this.device = device;
      this.model = model;
      this.arena = device.arena("a model");
      this.layer = layer(model, arena);
      this.adam = new Adam(layer.parameters(), 0.01, Adam.Options.DEFAULT, arena);
      boolean frames = model == Model.CONV_LSTM || model == Model.CONV_LSTM_PEEPHOLES;
      this.x = random(1, frames ? Shape.of(4, 2, 5, 3, 2) : Shape.of(5, 3, 4));
      this.wanted = random(2, frames ? Shape.of(4, 2, 5, 3, 3) : Shape.of(5, 3, 6));
    }

    private static Layer layer(Model model, DeviceArena arena) {
      var weights = Weights.random(7);
      return switch (model) {
        case LSTM -> Rnn.lstm(4, 6).layers(2).build(weights, arena);
        case GRU -> Rnn.gru(4, 6).build(weights, arena);
        case CONV_LSTM -> new ConvLstm(new ConvLstm.Config(2, 3, 3), weights, arena);
        case CONV_LSTM_PEEPHOLES ->
            new ConvLstm(
                new ConvLstm.Config(2, 3, 3, 3, new ConvLstm.Config.Frame(5, 3)), weights, arena);
      };
    }

    private Tensor random(long seed, Shape shape) {
      var random = new Random(seed);
      var values = new float[Math.toIntExact(shape.elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextFloat() - 0.5f;
      }
      return arena.tensor(shape, values);
    }

    Tensor loss(Pass pass) {
      var y =
          switch (layer) {
            case Rnn rnn -> rnn.forward(pass, x).y();
            case ConvLstm cell -> cell.forward(pass, x, null).y();
            default -> throw new AssertionError(layer);
          };
      return Loss.mse().of(pass, y, wanted);
    }

    /** One step, without a look at the loss. */
    void step() {
      try (var pass = Pass.training(device)) {
        pass.backward(loss(pass));
        adam.step();
      }
    }

    float stepAndLoss() {
      try (var pass = Pass.training(device)) {
        var loss = loss(pass);
        pass.backward(loss);
        adam.step();
        return loss.floats()[0];
      }
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void lossesAndWeightsAreThoseOfTheCpuEngine(Model model) {
    try (var expected = new Training(cpu, model);
        var got = new Training(cuda, model)) {
      for (int step = 0; step < 6; step++) {
        assertEquals(expected.stepAndLoss(), got.stepAndLoss(), 1e-5f, "loss of step " + step);
      }
      var all = got.layer.parameters();
      for (int i = 0; i < all.size(); i++) {
        var wanted = expected.layer.parameters().get(i);
        assertArrayEquals(
            wanted.value().floats(), all.get(i).value().floats(), 2e-4f, wanted.name());
      }
    }
  }

  /** The third step replays what the second captured. */
  @ParameterizedTest
  @EnumSource
  void aSteadyStepAllocatesNothingMakesNothingAndCopiesNothingToTheHost(Model model) {
    try (var training = new Training(cuda, model)) {
      training.step();
      Simulator.clear();
      training.step();
      for (var name : List.of("cuMemAlloc_v2", "cudnnBackendCreateDescriptor")) {
        assertEquals(0, Simulator.calls(name), name + " in step 2");
      }
      training.step();
      Simulator.clear();
      training.step();
      training.step();
      for (var name : Needless.CALLS) {
        assertEquals(0, Simulator.calls(name), name + " in\n" + Simulator.calls());
      }
      // Forward and backward; cuDNN's networks go back in two graphs, to the data and the weights.
      boolean two = model == Model.LSTM || model == Model.GRU;
      assertEquals(two ? 6 : 4, Simulator.calls("cuGraphLaunch"), Simulator.calls());
    }
  }

  @Test
  void threadsShareAModel() throws Exception {
    try (var training = new Training(cuda, Model.LSTM)) {
      training.step();
      var expected = inference(training);
      var threads = new ArrayList<Thread>();
      var got = new ArrayList<float[]>();
      for (int i = 0; i < 3; i++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int j = 0; j < 3; j++) {
                        var y = inference(training);
                        synchronized (got) {
                          got.add(y);
                        }
                      }
                    }));
      }
      for (var thread : threads) {
        thread.join();
      }
      assertEquals(9, got.size());
      got.forEach(y -> assertArrayEquals(expected, y));
    }
  }

  private static float[] inference(Training training) {
    try (var pass = Pass.inference(training.device)) {
      return ((Rnn) training.layer).forward(pass, training.x).y().floats();
    }
  }

  /** Weights that one thread changed and did not wait for are there for the thread after it. */
  @Test
  void whatAThreadTrainedAnotherSees() throws Exception {
    try (var training = new Training(cuda, Model.LSTM);
        var judge = new Training(cpu, Model.LSTM)) {
      for (int i = 0; i < 3; i++) {
        training.step();
        judge.step();
        var seen = new float[1][];
        Thread.ofPlatform().start(() -> seen[0] = inference(training)).join();
        assertArrayEquals(inference(judge), seen[0], 1e-4f);
      }
    }
  }

  @Test
  void parametersStayOnTheDeviceThatTheyWereMadeOn() {
    try (var training = new Training(cuda, Model.GRU)) {
      assertTrue(
          training.layer.parameters().stream()
              .map(Parameter::value)
              .allMatch(value -> value.arena().device() == cuda));
    }
  }
}
