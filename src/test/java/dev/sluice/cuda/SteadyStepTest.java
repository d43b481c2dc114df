package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.CausalLstm;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.FrameCell;
import dev.sluice.nn.FrameFeedback;
import dev.sluice.nn.Ghu;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.PredRnn;
import dev.sluice.nn.PredRnnPlusPlus;
import dev.sluice.nn.StLstm;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A training step of each frame model: the third one is replayed from graphs. */
@Simulated
class SteadyStepTest extends OnBoth {
  private static final int STEPS = 4;

  private enum Model {
    CONV_GRU,
    CONV_GRU_AFTER,
    ST_LSTM,
    CAUSAL_LSTM,
    GHU,
    ENCODER_FORECASTER,
    FRAME_FEEDBACK,
    PRED_RNN,
    PRED_RNN_PLUS_PLUS;

    Layer of(DeviceArena arena) {
      var weights = Weights.random(5);
      return switch (this) {
        case CONV_GRU ->
            new ConvGru(new ConvGru.Config(3, 3, 3), DType.FLOAT32, "", weights, arena);
        case CONV_GRU_AFTER ->
            new ConvGru(
                new ConvGru.Config(3, 3, 3, 3, ConvGru.Reset.AFTER, Blend.KEEP),
                DType.FLOAT32,
                "",
                weights,
                arena);
        case ST_LSTM -> new StLstm(new StLstm.Config(3, 3, 3), weights, arena);
        case CAUSAL_LSTM -> new CausalLstm(new CausalLstm.Config(3, 3, 3), weights, arena);
        case GHU -> new Ghu(new Ghu.Config(3, 3), weights, arena);
        case ENCODER_FORECASTER ->
            new EncoderForecaster(
                new EncoderForecaster.Config(3, List.of(4, 3), 3, 1, null, true), weights, arena);
        case FRAME_FEEDBACK ->
            new FrameFeedback(
                new FrameFeedback.Config(FrameCell.CONV_GRU, 3, List.of(3), 3, 1, null, true),
                weights,
                arena);
        case PRED_RNN ->
            new PredRnn(
                new PredRnn.Config(3, List.of(3, 3), 3, 1, null, false, 0.1), weights, arena);
        case PRED_RNN_PLUS_PLUS ->
            new PredRnnPlusPlus(
                new PredRnnPlusPlus.Config(3, List.of(3, 3), 3, 1, null, false), weights, arena);
      };
    }
  }

  /** A model and frames that are uploaded anew for each step. */
  private static final class Run {
    final Layer layer;
    final Trainer trainer;

    Run(Device device, Model model, DeviceArena arena) {
      this(device, model, arena, 0);
    }

    Run(Device device, Model model, DeviceArena arena, int segment) {
      layer = model.of(arena);
      var adam = new Adam(layer.parameters(), 0.01, arena);
      trainer = new Trainer(device, layer, adam, Schedule.constant(0.01), 0.5, segment);
    }

    void advance(int step) {
      trainer.advance(
          pass -> {
            var x = frames(pass, step);
            return Loss.mse().of(pass, forward(pass, x), frames(pass, step + 100));
          });
    }

    private static Tensor frames(Pass pass, int seed) {
      var random = new Random(seed);
      var shape = Shape.of(STEPS, 2, 4, 5, 3);
      var values = new float[(int) shape.elements()];
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextFloat();
      }
      return pass.tensor(shape, values);
    }

    private Tensor forward(Pass pass, Tensor x) {
      return switch (layer) {
        case ConvGru cell -> cell.forward(pass, x, null).y();
        case StLstm cell -> cell.forward(pass, x, null).y();
        case CausalLstm cell -> cell.forward(pass, x, null).y();
        case Ghu unit -> unit.forward(pass, x, null);
        case EncoderForecaster coder -> coder.forward(pass, x, STEPS);
        case FrameFeedback model -> model.forward(pass, x, STEPS);
        case PredRnn model -> model.forward(pass, x, STEPS);
        case PredRnnPlusPlus model -> model.forward(pass, x, STEPS);
        default -> throw new AssertionError(layer);
      };
    }
  }

  private static long sum(List<String> calls) {
    return calls.stream().mapToLong(Simulator::calls).sum();
  }

  @ParameterizedTest
  @EnumSource
  void isTheCpuEnginesAndFromTheThirdOnTwoGraphsAndTheOptimiser(Model model) {
    try (var here = cpu.arena();
        var there = cuda.arena()) {
      var expected = new Run(cpu, model, here);
      var got = new Run(cuda, model, there);
      for (int step = 0; step < 3; step++) {
        expected.advance(step);
        got.advance(step);
      }
      Simulator.clear();
      for (int step = 3; step < 5; step++) {
        expected.advance(step);
        got.advance(step);
      }
      for (var name : Needless.CALLS) {
        assertEquals(0, Simulator.calls(name), name + " in\n" + Simulator.calls());
      }
      // What follows the last upload of frames is one graph up to the gradients.
      long graphs = Simulator.calls("cuGraphLaunch");
      assertTrue(graphs >= 2 && graphs <= 4, Simulator.calls());
      // A step's norm (2), factor and optimiser.
      assertEquals(2 * 4, Simulator.calls("cuLaunchKernel"), Simulator.calls());
      assertEquals(0, sum(List.of("cudnnBackendExecute", "cublasGemmEx")), Simulator.calls());
      assertEquals(expected.trainer.loss(), got.trainer.loss(), 1e-5);
      for (int i = 0; i < expected.layer.parameters().size(); i++) {
        var wanted = expected.layer.parameters().get(i);
        assertArrayEquals(
            wanted.value().floats(),
            got.layer.parameters().get(i).value().floats(),
            5e-4f,
            wanted.name());
      }
    }
  }

  /** Passes within the pass end while their work is still kept back. */
  @Test
  void aSequenceInSegmentsLearnsTheSame() {
    try (var here = cpu.arena();
        var there = cuda.arena()) {
      var expected = new Run(cpu, Model.CONV_GRU, here, 2);
      var got = new Run(cuda, Model.CONV_GRU, there, 2);
      for (int step = 0; step < 4; step++) {
        expected.advance(step);
        got.advance(step);
        assertEquals(expected.trainer.loss(), got.trainer.loss(), 1e-5);
      }
    }
  }
}
