package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Rnn;
import dev.sluice.train.Loss;
import dev.sluice.train.LossScale;
import dev.sluice.train.Schedule;
import dev.sluice.train.Sgd;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A network that learns on halves of cuDNN, simulated. */
@Simulated
class HalvedTrainingTest {
  private static final int STEPS = 8;

  @AfterEach
  void restore() {
    Simulator.reset();
  }

  private static final class Run implements AutoCloseable {
    final Device device;
    final DeviceArena arena;
    final Rnn rnn;
    final Linear head;
    final Trainer trainer;
    final double factor;

    Run(Device device, LossScale scale, double rate, double factor) {
      this.device = device;
      this.factor = factor;
      arena = device.arena();
      rnn = Rnn.lstm(4, 8).layers(2).build(Weights.random(1), arena);
      head = new Linear(8, 2, Weights.random(2), arena);
      var parameters = new ArrayList<Parameter>();
      parameters.addAll(rnn.parameters());
      parameters.addAll(head.parameters());
      Layer model = () -> parameters;
      var sgd = new Sgd(parameters, rate, arena);
      var schedule = Schedule.constant(rate);
      double none = Double.POSITIVE_INFINITY;
      trainer =
          scale == null
              ? new Trainer(device, model, sgd, schedule, none)
              : new Trainer(device, model, sgd, schedule, none, 0, scale);
    }

    double step() {
      return trainer.step(
          pass -> {
            var x = pass.tensor(Shape.of(5, 3, 4), Samples.floats(7, 60));
            var y = rnn.forward(pass, x).y();
            var out = head.forward(pass, y);
            var target = pass.tensor(out.shape(), Samples.floats(8, out.shape().elements()));
            return Loss.times(pass, Loss.mse().of(pass, out, target), factor);
          });
    }

    float[] weights() {
      return rnn.parameters().getFirst().value().floats();
    }

    @Override
    public void close() {
      arena.close();
      device.close();
    }
  }

  private static Device cpu() {
    return Device.open(Device.Options.defaults().engine("cpu").threads(1));
  }

  private static Device cuda(MathMode mode) {
    return Simulator.open(Device.Options.defaults().math(mode));
  }

  /**
   * The loss of a step is off by some roundings of the format, 2^-11 or 2^-8, of the forward pass,
   * and by as many of each step before: 16 a step.
   */
  @ParameterizedTest
  @EnumSource(
      value = MathMode.class,
      names = {"FLOAT16", "BFLOAT16"})
  void lossesStayNear(MathMode mode) {
    double rounding = mode == MathMode.FLOAT16 ? 0x1p-11 : 0x1p-8;
    try (var exact = new Run(cpu(), null, 0.2, 1);
        var halved = new Run(cuda(mode), null, 0.2, 1)) {
      double first = 0;
      double expected = 0;
      for (int i = 0; i < STEPS; i++) {
        expected = exact.step();
        first = i == 0 ? expected : first;
        assertEquals(expected, halved.step(), 16 * (i + 1) * rounding * expected, "step " + i);
      }
      assertTrue(expected < 0.9 * first, first + " to " + expected);
      double scale = mode == MathMode.FLOAT16 ? 0x1p16 : 1;
      assertEquals(scale, halved.trainer.lossScale());
      assertEquals(0, halved.trainer.skipped());
    }
  }

  /** Gradients of 1e-9 are zero in float16, whose least number is 6e-8, unless they are scaled. */
  @Test
  void theScaleKeepsSmallGradients() {
    double small = 1e-7;
    try (var exact = new Run(cpu(), null, 1 / small, small);
        var lost = new Run(cuda(MathMode.FLOAT16), LossScale.NONE, 1 / small, small);
        var kept = new Run(cuda(MathMode.FLOAT16), LossScale.DYNAMIC, 1 / small, small)) {
      var before = exact.weights();
      for (var run : List.of(exact, lost, kept)) {
        run.step();
      }
      double moved = distance(before, exact.weights());
      assertTrue(moved > 1e-3, "moved by " + moved);
      assertEquals(0, distance(before, lost.weights()), moved / 10);
      assertEquals(0, distance(exact.weights(), kept.weights()), 0.05 * moved);
    }
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  /**
   * Scaled gradients beyond 65504 are infinite: the step is skipped, the next has half the scale.
   */
  @Test
  void anOverflowIsSkippedAndTheScaleHalves() {
    try (var run = new Run(cuda(MathMode.FLOAT16), new LossScale(0x1p23, 100), 0.2, 4)) {
      var before = run.weights();
      double scale = 0x1p23;
      int skips = 0;
      while (distance(before, run.weights()) == 0 && skips < 12) {
        double loss = run.step();
        assertTrue(Double.isFinite(loss));
        if (run.trainer.skipped() > skips) {
          skips++;
          scale /= 2;
        }
        assertEquals(scale, run.trainer.lossScale());
      }
      assertTrue(skips > 0 && skips < 12, skips + " skips");
      assertTrue(distance(before, run.weights()) > 0);
      assertEquals(skips + 1, run.trainer.steps());
    }
  }
}
