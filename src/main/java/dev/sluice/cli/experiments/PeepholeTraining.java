package dev.sluice.cli.experiments;

import dev.sluice.Device;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.train.Adam;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A ConvLSTM that learns to foresee moving digits.
 *
 * @param films what it learns from
 * @param hidden K of each layer
 * @param rate of Adam
 * @param steps of the training
 * @param meanImage the mean training image
 */
record PeepholeTraining(
    Films films, List<Integer> hidden, double rate, int steps, float[] meanImage) {
  static final int BATCH = 4;
  private static final int KERNEL = 3;
  private static final int PATCH = 4;

  /**
   * How the gates look at the cell.
   *
   * @param name for the reader
   * @param colour in pictures
   * @param deviation of the peephole weights that training begins with; NaN without peepholes
   */
  record Peepholes(String name, int colour, double deviation) {}

  /**
   * What came out of one training; all NaN from where it broke down.
   *
   * @param parameters of the model
   * @param losses of every step
   * @param norms of the gradient in every step
   * @param inputs the norm of the gradient to each frame seen, after training
   * @param scores on test sequences, null where it broke down
   * @param clip the foreseen frames of the first test sequence
   * @param millis of processor time a step
   */
  record Run(
      long parameters,
      double[] losses,
      double[] norms,
      double[] inputs,
      ForecastScores scores,
      float[] clip,
      double millis) {
    boolean broke() {
      return scores == null;
    }

    double ratio() {
      return broke() ? Double.NaN : scores.overMeanImage(scores.frames());
    }

    /** The largest norm after the first steps, in which every network is far off. */
    double spike() {
      return Arrays.stream(norms).skip(20).filter(Double::isFinite).max().orElse(Double.NaN);
    }

    /** The median norm of the last third. */
    double usual() {
      var last = Arrays.copyOfRange(norms, norms.length * 2 / 3, norms.length);
      Arrays.sort(last);
      return last[last.length / 2];
    }

    /** The gradient to the earliest input over that to the latest. */
    double earliest() {
      return inputs[0] / inputs[inputs.length - 1];
    }
  }

  Run run(Lab lab, String what, Peepholes peepholes, long seed) {
    var losses = new double[steps];
    var norms = new double[steps];
    Arrays.fill(losses, Double.NaN);
    Arrays.fill(norms, Double.NaN);
    try (var arena = lab.device().arena();
        var loop = lab.loop(what, steps, BATCH)) {
      int inner = films.size() / PATCH;
      boolean any = !Double.isNaN(peepholes.deviation);
      var frame = any ? new ConvLstm.Config.Frame(inner, inner) : null;
      var config = new EncoderForecaster.Config(1, hidden, KERNEL, PATCH, frame, true);
      var model = new EncoderForecaster(config, Weights.random(seed), arena);
      model.parameters().forEach(p -> begin(p, peepholes.deviation, seed));
      var adam = new Adam(model.parameters(), rate, arena);
      var trainer =
          new Trainer(lab.device(), model, adam, Schedule.constant(rate), Double.POSITIVE_INFINITY);
      var timer = new Timer(steps);
      boolean whole = train(trainer, model, loop, seed, losses, norms, timer);
      return new Run(
          model.parameterCount(),
          losses,
          norms,
          inputs(lab.device(), model),
          whole ? films.judge(lab.device(), model, meanImage) : null,
          films.predict(lab.device(), model, films.test(0, 1), 1),
          timer.millis());
    }
  }

  /** Peepholes begin with zero; here also with other numbers. */
  private static void begin(Parameter parameter, double deviation, long seed) {
    if (deviation > 0 && parameter.name().startsWith("peep_")) {
      var random = new SplittableRandom(seed * 31 + parameter.name().hashCode());
      var values = parameter.value().floats();
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (deviation * random.nextGaussian());
      }
      parameter.value().set(values);
      parameter.changed();
    }
  }

  /** Counts processor time but for the first third of the steps, which wait for the compiler. */
  private static final class Timer {
    private final int first;
    private int taken;
    private Clock began;

    Timer(int steps) {
      first = steps / 3;
    }

    void beforeStep() {
      began = taken++ == first ? Clock.now() : began;
    }

    /** Milliseconds a step, NaN where none was counted. */
    double millis() {
      return began == null ? Double.NaN : began.processorSeconds() * 1000 / (taken - first);
    }
  }

  /** Whether all steps were taken. */
  private boolean train(
      Trainer trainer,
      EncoderForecaster model,
      Lab.Loop loop,
      long seed,
      double[] losses,
      double[] norms,
      Timer timer) {
    try {
      while (loop.next()) {
        int step = (int) trainer.steps();
        var frames = films.train(seed, (long) step * BATCH, BATCH);
        timer.beforeStep();
        losses[step] =
            trainer.step(
                pass -> {
                  var clip = pass.tensor(films.shape(BATCH), frames);
                  return model.loss(pass, clip, films.seen(), Loss.mse()::of);
                });
        norms[step] = trainer.gradientNorm();
        loop.took(losses[step]);
      }
      return true;
    } catch (ArithmeticException e) {
      // The trainer refuses a gradient that is not finite: what this experiment looks for.
      return false;
    }
  }

  /** The norm of dL/dx_t of every frame seen, over some test sequences. */
  private double[] inputs(Device device, EncoderForecaster model) {
    int n = 16;
    var all = films.test(0, n);
    int seen = films.seen() * n * films.size() * films.size();
    var shape = films.shape(n);
    try (var pass = Pass.training(device)) {
      var frames = pass.variable(shape.inner().outer(films.seen()), Arrays.copyOf(all, seen));
      var target = pass.tensor(shape, all).slice(films.seen(), shape.dim(0));
      pass.backward(Loss.mse().of(pass, model.forward(pass, frames, films.ahead()), target));
      var norms = new double[films.seen()];
      Arrays.setAll(norms, t -> norm(pass.gradient(frames).at(t).doubles()));
      return norms;
    }
  }

  private static double norm(double[] values) {
    return Math.sqrt(Arrays.stream(values).map(v -> v * v).sum());
  }
}
