package dev.sluice.cli.tasks;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.cli.pictures.Clip;
import dev.sluice.cli.pictures.ForecastReport;
import dev.sluice.cli.pictures.FrameSheet;
import dev.sluice.cli.pictures.PredictionGif;
import dev.sluice.nn.Pass;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.FrameScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;

/** Judges a forecaster on clips that it never saw. */
final class Evaluation {
  private static final int BATCH = 16;
  private static final int DRAWN = 3;
  private static final int DRAWN_WIDTH = 192;

  private final ForecastConfig model;
  private final Clips clips;
  private final Device device;
  private final BiFunction<Pass, Tensor, Tensor> forecast;
  private final int pixels;
  private final int all;

  /**
   * Nothing judged yet.
   *
   * @param forecast makes [A, N, H, W, C] of [T, N, H, W, C]
   */
  Evaluation(
      ForecastConfig model, Clips clips, Device device, BiFunction<Pass, Tensor, Tensor> forecast) {
    this.model = model;
    this.clips = clips;
    this.device = device;
    this.forecast = forecast;
    this.pixels = model.channels() * model.height() * model.width();
    this.all = model.frames() + model.ahead();
  }

  /** The scores and pictures of the test clips, or nothing where it was asked to stop. */
  Optional<Judgement> judgement(String title, BooleanSupplier stop) {
    return scores(stop)
        .map(
            scores -> {
              var drawn = drawn(Math.min(DRAWN, clips.tests()));
              int scale = Math.max(1, DRAWN_WIDTH / model.width());
              var gif = PredictionGif.gif(drawn, scale);
              return new FrameJudgement(
                  title, new ForecastReport(scores, gif, FrameSheet.png(drawn)));
            });
  }

  private Optional<ForecastScores> scores(BooleanSupplier stop) {
    var frames = Shape.of(model.ahead(), model.channels(), model.height(), model.width());
    var scores = new FrameScores(frames, clips.meanFrame());
    for (int first = 0; first < clips.tests(); first += BATCH) {
      if (stop.getAsBoolean()) {
        return Optional.empty();
      }
      int n = Math.min(BATCH, clips.tests() - first);
      var batch = batch(first, n);
      int seen = model.frames() * n * pixels;
      scores.add(
          channelsFirst(predict(batch, n)),
          channelsFirst(Arrays.copyOfRange(batch, seen, batch.length)),
          channelsFirst(Arrays.copyOfRange(batch, seen - n * pixels, seen)),
          n);
    }
    return Optional.of(scores.result());
  }

  /** The first test clips, to draw; the first channel of each. */
  private List<Clip> drawn(int n) {
    var batch = channelsFirst(batch(0, n));
    var predicted = channelsFirst(predict(batch(0, n), n));
    var drawn = new ArrayList<Clip>();
    for (int i = 0; i < n; i++) {
      drawn.add(
          new Clip(
              model.height(),
              model.width(),
              first(Clip.pick(batch, 0, model.frames(), n, i, pixels)),
              first(Clip.pick(batch, model.frames(), all, n, i, pixels)),
              first(Clip.pick(predicted, 0, model.ahead(), n, i, pixels))));
    }
    return drawn;
  }

  private float[] batch(long first, int n) {
    var batch = new float[all * n * pixels];
    clips.test(first, batch, n);
    return batch;
  }

  private float[] predict(float[] batch, int n) {
    try (var pass = Pass.inference(device)) {
      var shape = Shape.of(all, n, model.height(), model.width(), model.channels());
      var frames = pass.tensor(shape, batch);
      return forecast.apply(pass, frames.slice(0, model.frames())).floats();
    }
  }

  /** [..., H, W, C] to [..., C, H, W]. */
  private float[] channelsFirst(float[] frames) {
    int channels = model.channels();
    if (channels == 1) {
      return frames;
    }
    int area = pixels / channels;
    var moved = new float[frames.length];
    for (int i = 0; i < frames.length; i++) {
      int frame = i / pixels * pixels;
      int pixel = i % pixels / channels;
      moved[frame + i % channels * area + pixel] = frames[i];
    }
    return moved;
  }

  /** The first channel of [T, C, H, W]. */
  private float[] first(float[] frames) {
    int area = pixels / model.channels();
    var one = new float[frames.length / model.channels()];
    for (int t = 0; t * area < one.length; t++) {
      System.arraycopy(frames, t * pixels, one, t * area, area);
    }
    return one;
  }
}
