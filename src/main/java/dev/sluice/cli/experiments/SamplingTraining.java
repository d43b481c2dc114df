package dev.sluice.cli.experiments;

import dev.sluice.Device;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Patch;
import dev.sluice.nn.PredRnn;
import dev.sluice.train.Adam;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.Loss;
import dev.sluice.train.ReverseSampling;
import dev.sluice.train.Schedule;
import dev.sluice.train.ScheduledSampling;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A PredRNN that learns to foresee moving digits.
 *
 * @param films what it learns from
 * @param hidden K of each layer
 * @param steps of the training
 * @param meanImage the mean training image
 */
record SamplingTraining(Films films, List<Integer> hidden, int steps, float[] meanImage) {
  static final int BATCH = 4;
  static final double RATE = 3e-3;
  private static final int KERNEL = 3;
  private static final int PATCH = 4;

  /** What the model reads while it learns. */
  enum Reading {
    TRUTH("always the true frames"),
    OWN("its own after those seen"),
    SCHEDULED("scheduled sampling"),
    REVERSE("reverse scheduled sampling");

    private final String label;

    Reading(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }

    boolean reverse() {
      return this == REVERSE;
    }
  }

  /**
   * What came out of one training.
   *
   * @param losses of every step
   * @param scores on test sequences, its own frames fed back
   * @param shown the squared error of the foreseen frames if the true frame before each is shown
   * @param clip the foreseen frames of the first test sequence
   * @param seconds of processor time
   */
  record Run(double[] losses, ForecastScores scores, double shown, float[] clip, double seconds) {
    double ratio(int frames) {
      return scores.overMeanImage(frames);
    }
  }

  /** The share of true frames at a step, after those seen. */
  double share(Reading reading, long step) {
    return switch (reading) {
      case TRUTH -> 1;
      case OWN -> 0;
      case SCHEDULED -> forward().probability(step);
      case REVERSE -> reverse().forecast(step);
    };
  }

  /** From 1 to 0 over the first two thirds. */
  private ScheduledSampling forward() {
    return ScheduledSampling.linear(1, 1.5 / steps, 0);
  }

  /** The official proportions: constant for a third, changing for a third. */
  private ReverseSampling reverse() {
    return new ReverseSampling(steps / 3, steps * 2L / 3, steps / 15.0);
  }

  private float[] mask(PredRnn.Config config, Reading reading, long step, SplittableRandom random) {
    int total = films.seen() + films.ahead();
    int length = config.maskLength(total, films.seen());
    if (reading.reverse()) {
      return bySequence(reverse().mask(step, total, films.seen(), BATCH, random), length);
    }
    double share = share(reading, step);
    return bySequence(ScheduledSampling.mask(share, length, BATCH, random), length);
  }

  /** [N, K] of [K, N]. */
  static float[] bySequence(float[] bySteps, int length) {
    var mask = new float[bySteps.length];
    int batch = mask.length / length;
    for (int i = 0; i < mask.length; i++) {
      mask[i] = bySteps[i % length * batch + i / length];
    }
    return mask;
  }

  Run run(Lab lab, Reading reading, long seed) {
    var losses = new double[steps];
    var what = Numbers.text("%s, seed %d", reading.label, seed);
    try (var arena = lab.device().arena();
        var loop = lab.loop(what, steps, BATCH)) {
      var config = new PredRnn.Config(1, hidden, KERNEL, PATCH, null, reading.reverse(), 0);
      var model = new PredRnn(config, Weights.random(seed), arena);
      var adam = new Adam(model.parameters(), RATE, arena);
      var trainer =
          new Trainer(lab.device(), model, adam, Schedule.cosine(RATE, steps).warmUp(10), 1);
      var random = new SplittableRandom(seed);
      var clock = Clock.now();
      while (loop.next()) {
        int step = (int) trainer.steps();
        var frames = films.train(seed, (long) step * BATCH, BATCH);
        var mask = mask(config, reading, step, random);
        losses[step] =
            trainer.step(
                pass -> {
                  var clip = pass.tensor(films.shape(BATCH), frames);
                  return model.loss(pass, clip, films.seen(), mask, Loss.mse()::of);
                });
        loop.took(losses[step]);
      }
      return new Run(
          losses,
          films.judge(lab.device(), model, meanImage),
          shown(lab.device(), model),
          films.predict(lab.device(), model, films.test(0, 1), 1),
          clock.processorSeconds());
    }
  }

  /** The error one frame ahead, where every frame before is a true one. */
  private double shown(Device device, PredRnn model) {
    int n = 16;
    int total = films.seen() + films.ahead();
    var mask = new float[n * model.config().maskLength(total, films.seen())];
    Arrays.fill(mask, 1);
    double sum = 0;
    int count = 0;
    try (var pass = Pass.inference(device)) {
      var frames = pass.tensor(films.shape(n), films.test(0, n));
      var patches = new Patch(PATCH);
      float[] truth = patches.split(pass, frames).slice(films.seen(), total).floats();
      float[] made =
          model
              .forward(pass, frames, films.seen(), mask)
              .y()
              .slice(films.seen() - 1L, total - 1L)
              .floats();
      for (int i = 0; i < truth.length; i++) {
        sum += (double) (made[i] - truth[i]) * (made[i] - truth[i]);
        count++;
      }
    }
    return sum / count;
  }
}
