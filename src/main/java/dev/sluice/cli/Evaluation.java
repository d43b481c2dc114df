package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.cli.pictures.Clip;
import dev.sluice.data.Split;
import dev.sluice.nn.Pass;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.FrameScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;

/** Judges a forecaster on sequences of digits that it never saw. */
final class Evaluation {
  private static final int BATCH = 16;
  private static final int MEAN_IMAGE_SEQUENCES = 1000;

  private final TrainSettings settings;
  private final Device device;
  private final BiFunction<Pass, Tensor, Tensor> forecast;
  private final int pixels;

  /**
   * Nothing judged yet.
   *
   * @param forecast makes [A, N, H, W, 1] of [T, N, H, W, 1]
   */
  Evaluation(TrainSettings settings, Device device, BiFunction<Pass, Tensor, Tensor> forecast) {
    this.settings = settings;
    this.device = device;
    this.forecast = forecast;
    this.pixels = settings.model().height() * settings.model().width();
  }

  /** The scores on the test sequences, or nothing where it was asked to stop. */
  Optional<ForecastScores> scores(BooleanSupplier stop) {
    var model = settings.model();
    var mean = settings.data(Split.TRAIN).meanImage(MEAN_IMAGE_SEQUENCES);
    var frames = Shape.of(model.ahead(), 1, model.height(), model.width());
    var scores = new FrameScores(frames, mean);
    for (int first = 0; first < settings.testSequences(); first += BATCH) {
      if (stop.getAsBoolean()) {
        return Optional.empty();
      }
      int n = Math.min(BATCH, settings.testSequences() - first);
      var batch = batch(first, n);
      int seen = model.frames() * n * pixels;
      scores.add(
          predict(batch, n),
          Arrays.copyOfRange(batch, seen, batch.length),
          Arrays.copyOfRange(batch, seen - n * pixels, seen),
          n);
    }
    return Optional.of(scores.result());
  }

  /** The test sequences from one on, to draw. */
  List<Clip> clips(long first, int n) {
    var model = settings.model();
    var batch = batch(first, n);
    var predicted = predict(batch, n);
    int all = model.frames() + model.ahead();
    var clips = new ArrayList<Clip>();
    for (int i = 0; i < n; i++) {
      clips.add(
          new Clip(
              model.height(),
              model.width(),
              Clip.pick(batch, 0, model.frames(), n, i, pixels),
              Clip.pick(batch, model.frames(), all, n, i, pixels),
              Clip.pick(predicted, 0, model.ahead(), n, i, pixels)));
    }
    return clips;
  }

  private float[] batch(long first, int n) {
    var model = settings.model();
    var batch = new float[(model.frames() + model.ahead()) * n * pixels];
    settings.data(Split.TEST).batch(first, n, batch, 0);
    return batch;
  }

  private float[] predict(float[] batch, int n) {
    var model = settings.model();
    int all = model.frames() + model.ahead();
    try (var pass = Pass.inference(device)) {
      var frames = pass.tensor(Shape.of(all, n, model.height(), model.width(), 1), batch);
      return forecast.apply(pass, frames.slice(0, model.frames())).floats();
    }
  }
}
