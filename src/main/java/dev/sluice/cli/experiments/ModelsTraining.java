package dev.sluice.cli.experiments;

import dev.sluice.DeviceArena;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.FrameCell;
import dev.sluice.nn.FrameForecaster;
import dev.sluice.nn.PredRnn;
import dev.sluice.train.Adam;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.List;

/**
 * Models of frames that learn from the same moving digits.
 *
 * @param films what they learn from
 * @param hidden K of each layer, the same for all
 * @param meanImage the mean training image
 */
record ModelsTraining(Films films, List<Integer> hidden, float[] meanImage) {
  static final int BATCH = 8;
  private static final int KERNEL = 3;
  private static final int PATCH = 4;

  /** The models. */
  enum Net {
    CONV_LSTM("ConvLSTM", 6e-3),
    CONV_GRU("ConvGRU", 6e-3),
    PRED_RNN("PredRNN", 3e-3);

    private final String label;
    private final double rate;

    Net(String label, double rate) {
      this.label = label;
      this.rate = rate;
    }

    String label() {
      return label;
    }

    double rate() {
      return rate;
    }
  }

  /**
   * What came out of one training.
   *
   * @param parameters of the model
   * @param sequences that it saw
   * @param seconds of processor time, without the judging
   * @param losses of every step
   * @param scores on test sequences
   */
  record Run(
      long parameters, long sequences, double seconds, double[] losses, ForecastScores scores) {
    double ratio(int frames) {
      return scores.overMeanImage(frames);
    }

    double correlation(int frame) {
      return scores.model().correlation()[frame - 1];
    }
  }

  private FrameForecaster build(Net net, long seed, DeviceArena arena) {
    var weights = Weights.random(seed);
    return switch (net) {
      case CONV_LSTM -> forecaster(FrameCell.CONV_LSTM, weights, arena);
      case CONV_GRU -> forecaster(FrameCell.CONV_GRU, weights, arena);
      case PRED_RNN ->
          new PredRnn(new PredRnn.Config(1, hidden, KERNEL, PATCH, null, false, 0), weights, arena);
    };
  }

  private FrameForecaster forecaster(FrameCell cell, Weights weights, DeviceArena arena) {
    var config = new EncoderForecaster.Config(cell, 1, hidden, KERNEL, PATCH, null, true);
    return new EncoderForecaster(config, weights, arena);
  }

  /** Trains with whole batches, at least so many sequences. */
  Run run(Lab lab, Net net, long sequences, long seed) {
    int steps = Math.toIntExact((sequences + BATCH - 1) / BATCH);
    var losses = new double[steps];
    var what = Numbers.text("%s, %,d sequences, seed %d", net.label, sequences, seed);
    try (var arena = lab.device().arena();
        var loop = lab.loop(what, steps, BATCH)) {
      var model = build(net, seed, arena);
      var adam = new Adam(model.parameters(), net.rate, arena);
      var rates = Schedule.cosine(net.rate, steps).warmUp(Math.min(30, steps / 4));
      var trainer = new Trainer(lab.device(), model, adam, rates, 1);
      var clock = Clock.now();
      while (loop.next()) {
        int step = (int) trainer.steps();
        var frames = films.train(seed, (long) step * BATCH, BATCH);
        losses[step] =
            trainer.step(
                pass -> {
                  var clip = pass.tensor(films.shape(BATCH), frames);
                  return model.loss(pass, clip, films.seen(), Loss.mse()::of);
                });
        loop.took(losses[step]);
      }
      double seconds = clock.processorSeconds();
      var scores = films.judge(lab.device(), model, meanImage);
      return new Run(
          model.parameterCount(),
          (long) steps * BATCH,
          Double.isNaN(seconds) ? clock.wallSeconds() : seconds,
          losses,
          scores);
    }
  }

  /** The mean of each ten values. */
  static double[] smooth(double[] values) {
    var means = new double[values.length / 10];
    Arrays.setAll(
        means, i -> Arrays.stream(values, 10 * i, 10 * i + 10).average().orElse(Double.NaN));
    return means;
  }
}
