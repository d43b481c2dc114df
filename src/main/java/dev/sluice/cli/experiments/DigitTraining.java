package dev.sluice.cli.experiments;

import dev.sluice.Device;
import dev.sluice.Tensor;
import dev.sluice.data.Batches;
import dev.sluice.data.DigitRows;
import dev.sluice.data.SequenceBatch;
import dev.sluice.data.Split;
import dev.sluice.nn.Pass;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.train.Adam;
import dev.sluice.train.Schedule;
import dev.sluice.train.SoftmaxCrossEntropy;
import dev.sluice.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Trains networks to name digits that they read row by row.
 *
 * @param data the digits
 * @param steps of a training
 * @param low a training loss to reach
 */
record DigitTraining(DigitRows data, int steps, double low) {
  static final int BATCH = 32;

  /** Steps between two tests, and of one mean of the loss. */
  static final int EVERY = 50;

  private static final double RATE = 3e-3;

  /** What is trained. */
  record Net(String name, int colour, Supplier<RnnBuilder> builder) {}

  /**
   * One training.
   *
   * @param parameters of the network
   * @param recurrent those of its recurrent layer
   * @param losses mean training loss of every {@value #EVERY} steps
   * @param accuracies on the test digits after each of these, %
   * @param ownAccuracy on the training digits at the end, %
   * @param stepsToLoss steps after which the mean training loss was low, NaN where it never was
   * @param secondsAThousand processor seconds of 1,000 steps
   */
  record Run(
      long parameters,
      long recurrent,
      double[] losses,
      double[] accuracies,
      double ownAccuracy,
      double stepsToLoss,
      double secondsAThousand) {
    double accuracy() {
      return accuracies[accuracies.length - 1];
    }
  }

  Run run(Lab lab, Net net, long seed) {
    var what = Numbers.text("%s on %,d digits, seed %d", net.name, data.train(), seed);
    try (var arena = lab.device().arena();
        var loop = lab.loop(what, steps, BATCH)) {
      var model = LastState.of(net.builder.get(), 10, seed, arena);
      var adam = new Adam(model.parameters(), RATE, arena);
      var trainer = new Trainer(lab.device(), model, adam, Schedule.constant(RATE), 1);
      var losses = new ArrayList<Double>();
      var accuracies = new ArrayList<Double>();
      var seconds = new ArrayList<Double>();
      var batches = new Epochs(data.train(), seed);
      while (loop.next()) {
        var clock = Clock.now();
        double sum = 0;
        for (int i = 0; i < EVERY && loop.next(); i++) {
          var batch = data.batch(Split.TRAIN, batches.next());
          double loss = trainer.step(pass -> loss(pass, model, batch));
          sum += loss;
          loop.took(loss);
        }
        seconds.add(clock.processorSeconds());
        losses.add(sum / EVERY);
        accuracies.add(accuracy(lab.device(), model, Split.TEST));
      }
      return new Run(
          model.parameterCount(),
          model.rnn().parameterCount(),
          losses.stream().mapToDouble(x -> x).toArray(),
          accuracies.stream().mapToDouble(x -> x).toArray(),
          accuracy(lab.device(), model, Split.TRAIN),
          stepsTo(losses),
          // The median: the first ones wait for the compiler.
          seconds.stream().sorted().toList().get(seconds.size() / 2) / EVERY * 1000);
    }
  }

  private double stepsTo(List<Double> losses) {
    for (int i = 0; i < losses.size(); i++) {
      if (losses.get(i) <= low) {
        return (i + 1) * EVERY;
      }
    }
    return Double.NaN;
  }

  private static Tensor loss(Pass pass, LastState model, SequenceBatch batch) {
    var logits = model.forward(pass, pass.tensor(batch.shape(), batch.x()));
    return SoftmaxCrossEntropy.mean().of(pass, logits, batch.labels());
  }

  private double accuracy(Device device, LastState model, Split split) {
    int right = 0;
    for (int[] picks : Batches.inOrder(data.count(split), 500)) {
      var batch = data.batch(split, picks);
      try (var pass = Pass.inference(device)) {
        float[] logits = model.forward(pass, pass.tensor(batch.shape(), batch.x())).floats();
        right += right(logits, batch.labels());
      }
    }
    return 100.0 * right / data.count(split);
  }

  private static int right(float[] logits, int[] labels) {
    int classes = logits.length / labels.length;
    int right = 0;
    for (int i = 0; i < labels.length; i++) {
      int best = 0;
      for (int k = 1; k < classes; k++) {
        best = logits[i * classes + k] > logits[i * classes + best] ? k : best;
      }
      right += best == labels[i] ? 1 : 0;
    }
    return right;
  }

  /** Batches without end, all digits once an epoch. */
  private static final class Epochs {
    private final int count;
    private final long seed;
    private long epoch;
    private List<int[]> batches = List.of();
    private int at;

    Epochs(int count, long seed) {
      this.count = count;
      this.seed = seed;
    }

    int[] next() {
      if (at == batches.size()) {
        batches = Batches.shuffled(count, BATCH, seed, epoch++);
        at = 0;
      }
      return batches.get(at++);
    }
  }
}
