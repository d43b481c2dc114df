package dev.sluice.cli.tasks;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.cli.pictures.Clip;
import dev.sluice.cli.pictures.FrameSheet;
import dev.sluice.cli.pictures.PredictionGif;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.data.Split;
import dev.sluice.nn.FrameForecaster;
import dev.sluice.nn.Pass;
import dev.sluice.weights.AtomicFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Foresees frames with a trained model, and draws them. */
final class FramePrediction {
  private static final int BATCH = 16;
  private static final int DRAWN = 3;

  private final Question question;
  private final ForecastConfig config;
  private final int steps;
  private final long index;

  FramePrediction(Question question, ForecastConfig config) {
    this.question = question;
    this.config = config;
    this.steps = question.ahead() == null ? config.ahead() : question.ahead();
    this.index = question.index() == null ? 0 : question.index();
    Recipe.require(steps >= 1 && steps < 1 << 16, "--ahead", "1 to 65,535 frames", steps);
    Recipe.require(index >= 0, "--index", "0 or more", index);
  }

  /**
   * What to foresee.
   *
   * @param frames [N, T, C, H, W]
   * @param truth [N, A, C, H, W], or of no element
   * @param draw the first sequence to draw
   */
  private record Frames(NpyArray frames, float[] truth, int draw) {}

  void run() {
    boolean known = question.settings().text("task").equals("moving-digits");
    Recipe.require(
        known || question.input() != null, "--input", "a .npy file of frames seen", "none");
    var given = question.input() == null ? digits() : file();
    float[] predicted;
    try (var device = question.device().get();
        var arena = device.arena("the model")) {
      var model = ForecastConfig.load(question.model(), config, arena);
      predicted = predict(model, device, given.frames);
    }
    write(given, predicted);
  }

  private Frames digits() {
    var fields = question.settings();
    int all = config.frames() + steps;
    var data =
        new MovingDigits(
            Split.TEST, MovingDigitsTask.TEST_SEED, all, config.height(), fields.small("digits"));
    int pixels = config.height() * config.width();
    var frames = new float[DRAWN * config.frames() * pixels];
    var truth = new float[fitting((long) DRAWN * steps * pixels)];
    var one = new float[all * pixels];
    for (int i = 0; i < DRAWN; i++) {
      data.fill(index + i, one, 0);
      int seen = config.frames() * pixels;
      System.arraycopy(one, 0, frames, i * seen, seen);
      System.arraycopy(one, seen, truth, i * steps * pixels, steps * pixels);
    }
    var shape = Shape.of(DRAWN, config.frames(), 1, config.height(), config.width());
    return new Frames(new NpyArray(shape, frames), truth, 0);
  }

  private Frames file() {
    var input = question.input();
    var array = Npy.read(input);
    var shape = array.shape();
    boolean fits =
        shape.rank() == 5
            && shape.elements() > 0
            && shape.dim(2) == config.channels()
            && shape.dim(3) % config.patch() == 0
            && shape.dim(4) % config.patch() == 0;
    boolean fixed =
        config.peephole()
            && fits
            && (shape.dim(3) != config.height() || shape.dim(4) != config.width());
    if (!fits || fixed) {
      throw new IllegalArgumentException(
          "%s: expected frames [N, T, %d, H, W], %s, got %s"
              .formatted(
                  input,
                  config.channels(),
                  config.peephole()
                      ? "H %d and W %d as in training".formatted(config.height(), config.width())
                      : "H and W multiples of " + config.patch(),
                  shape));
    }
    if (index >= shape.dim(0)) {
      throw new IllegalArgumentException(
          "--index: expected less than the %d sequences in %s, got %d"
              .formatted(shape.dim(0), input, index));
    }
    for (float pixel : array.values()) {
      if (!Float.isFinite(pixel)) {
        throw new IllegalArgumentException(input + ": expected finite pixels, got " + pixel);
      }
    }
    return new Frames(
        new NpyArray(shape, mapped(array.values(), 1 / range(), -config.low() / range())),
        new float[0],
        (int) index);
  }

  private int fitting(long pixels) {
    Recipe.require(pixels < 1L << 31, "--ahead", "fewer than 2^31 pixels to foresee", steps);
    return (int) pixels;
  }

  private double range() {
    return config.high() - config.low();
  }

  /** The values times a factor, and something added. */
  private static float[] mapped(float[] values, double factor, double added) {
    if (factor == 1 && added == 0) {
      return values;
    }
    var mapped = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      mapped[i] = (float) (values[i] * factor + added);
    }
    return mapped;
  }

  /** Makes [N, A, C, H, W] of [N, T, C, H, W]. */
  private float[] predict(FrameForecaster model, Device device, NpyArray frames) {
    var shape = frames.shape();
    var s = new Sequences(shape.size(1), shape.size(2), shape.size(3), shape.size(4));
    var to = new Sequences(steps, s.channels(), s.height(), s.width());
    int all = shape.size(0);
    var predicted = new float[fitting(Math.multiplyExact((long) all, to.size()))];
    for (int first = 0; first < all; first += BATCH) {
      int n = Math.min(BATCH, all - first);
      try (var pass = Pass.inference(device)) {
        var batch = s.batch(frames.values(), first, n);
        var seen = pass.tensor(Shape.of(s.steps(), n, s.height(), s.width(), s.channels()), batch);
        to.unbatch(model.forward(pass, seen, steps).floats(), predicted, first, n);
      }
    }
    return predicted;
  }

  private void write(Frames given, float[] predicted) {
    var dims = given.frames.shape().dims();
    dims[1] = steps;
    var array = new NpyArray(Shape.of(dims), mapped(predicted, range(), config.low()));
    var clips = clips(given, predicted);
    int scale = Math.max(1, 192 / (int) dims[4]);
    var folder = question.folder();
    AtomicFile.write(folder.resolve("prediction.npy"), Npy.bytes(array));
    AtomicFile.write(folder.resolve("prediction.gif"), PredictionGif.gif(clips, scale));
    AtomicFile.write(folder.resolve("prediction.png"), FrameSheet.png(clips));
    question
        .answer()
        .println(
            "%s: %s foreseen after %d frames; prediction.npy, prediction.gif, prediction.png"
                .formatted(folder, array.shape(), given.frames.shape().dim(1)));
  }

  /** Up to three sequences to draw, the first channel of each. */
  private List<Clip> clips(Frames given, float[] predicted) {
    var shape = given.frames.shape();
    int height = shape.size(3);
    int width = shape.size(4);
    var clips = new ArrayList<Clip>();
    for (int i = given.draw; i < Math.min(shape.size(0), given.draw + DRAWN); i++) {
      var truth = given.truth.length == 0 ? given.truth : channel(given.truth, i, steps, shape);
      clips.add(
          new Clip(
              height,
              width,
              channel(given.frames.values(), i, shape.size(1), shape),
              truth,
              channel(predicted, i, steps, shape)));
    }
    return clips;
  }

  private static float[] channel(float[] all, int sequence, int steps, Shape shape) {
    int area = shape.size(3) * shape.size(4);
    int frame = shape.size(2) * area;
    if (shape.size(2) == 1) {
      return Arrays.copyOfRange(all, sequence * steps * area, (sequence + 1) * steps * area);
    }
    var one = new float[steps * area];
    for (int t = 0; t < steps; t++) {
      System.arraycopy(all, (sequence * steps + t) * frame, one, t * area, area);
    }
    return one;
  }
}
