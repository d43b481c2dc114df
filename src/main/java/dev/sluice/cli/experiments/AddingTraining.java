package dev.sluice.cli.experiments;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.data.AddingProblem;
import dev.sluice.data.Split;
import dev.sluice.nn.Pass;
import dev.sluice.train.Loss;
import dev.sluice.train.Optimiser;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;

/** A network that learns the adding problem, from new sequences in every step. */
final class AddingTraining {
  static final int BATCH = 64;
  static final int TESTS = 1000;

  private final Device device;
  private final LastState model;
  private final Trainer trainer;
  private final AddingProblem data;
  private final float[] x;
  private final float[] y = new float[BATCH];
  private final float[] testX;
  private final float[] testY = new float[TESTS];

  /**
   * Before the first step.
   *
   * @param optimiser of the model, at its rate
   * @param clip the largest norm of a gradient
   * @param length T of the sequences
   * @param seed of the sequences
   */
  AddingTraining(
      Device device, LastState model, Optimiser optimiser, double clip, int length, long seed) {
    this.device = device;
    this.model = model;
    this.trainer = new Trainer(device, model, optimiser, Schedule.constant(optimiser.rate()), clip);
    this.data = new AddingProblem(Split.TRAIN, seed, length);
    this.x = new float[length * BATCH * 2];
    this.testX = new float[length * TESTS * 2];
    new AddingProblem(Split.TEST, seed, length).batch(0, testX, testY);
  }

  /** Takes a step; the loss before it. */
  double step() {
    data.batch(trainer.steps() * BATCH, x, y);
    return trainer.step(
        pass -> {
          var in = pass.tensor(Shape.of(data.steps(), BATCH, 2), x);
          var target = pass.tensor(Shape.of(BATCH, 1), y);
          return Loss.mse().of(pass, model.forward(pass, in), target);
        });
  }

  /** The norm of the last step's gradient before clipping. */
  double gradientNorm() {
    return trainer.gradientNorm();
  }

  /** The mean squared error on sequences that no step saw. */
  double error() {
    try (var pass = Pass.inference(device)) {
      var in = pass.tensor(Shape.of(data.steps(), TESTS, 2), testX);
      float[] out = model.forward(pass, in).floats();
      double sum = 0;
      for (int i = 0; i < TESTS; i++) {
        sum += (double) (out[i] - testY[i]) * (out[i] - testY[i]);
      }
      return sum / TESTS;
    }
  }

  /** The error of whoever always answers with the mean. */
  double variance() {
    return AddingProblem.variance(testY);
  }
}
