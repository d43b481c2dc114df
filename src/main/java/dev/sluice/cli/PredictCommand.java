package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.cli.pictures.Clip;
import dev.sluice.cli.pictures.FrameSheet;
import dev.sluice.cli.pictures.PredictionGif;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.data.Split;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.Pass;
import dev.sluice.weights.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Foresees frames with a trained model, and draws them. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Foresees the frames that follow, with a trained model.",
    description =
        "Takes a video from a .npy file, or test digits, and writes prediction.npy [N, A, C, H, W],"
            + " prediction.gif and prediction.png.",
    footer = {
      "",
      "Examples:",
      "  ./sluice predict --model out/moving-digits                    test digits, truth beside",
      "  ./sluice predict --model out/moving-digits --index 40 --ahead 20",
      "  ./sluice predict --model out/moving-digits --input clips.npy --out out/clips"
    })
final class PredictCommand implements Callable<Integer> {
  private static final int BATCH = 16;
  private static final int DRAWN = 3;

  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder with config.json and model.safetensors, as train writes it.")
  Path model;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Frames seen, a .npy of [N, T, C, H, W], pixels 0 to 1; default: test digits.")
  Path input;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where to write, replacing what is there; default: predicted, in --model.")
  Path out;

  @Option(
      names = "--ahead",
      paramLabel = "T",
      description = "Frames to foresee; default: as many as in training.")
  Integer ahead;

  @Option(
      names = "--index",
      paramLabel = "I",
      defaultValue = "0",
      description =
          "First sequence to draw, of the file or of the endless test sequences; default:"
              + " ${DEFAULT-VALUE}.")
  long index;

  @Mixin EngineOptions engine;

  PredictCommand() {}

  /**
   * What to foresee.
   *
   * @param frames [N, T, C, H, W]
   * @param truth [N, A, C, H, W], or of no element
   * @param draw the first sequence to draw
   */
  private record Task(NpyArray frames, float[] truth, int draw) {}

  @Override
  public Integer call() {
    var config = ForecastConfig.read(model);
    int steps = ahead == null ? config.ahead() : ahead;
    if (steps < 1) {
      throw new IllegalArgumentException("--ahead: expected 1 or more frames, got " + steps);
    }
    if (index < 0) {
      throw new IllegalArgumentException("--index: expected 0 or more, got " + index);
    }
    var task = input == null ? digits(config, steps) : file(config);
    float[] predicted;
    try (var device = engine.open();
        var arena = device.arena("the model")) {
      predicted = predict(ForecastConfig.load(model, config, arena), device, task.frames, steps);
    }
    write(config, task, predicted, steps);
    return 0;
  }

  private Task digits(ForecastConfig config, int steps) {
    var fields = Fields.read(model.resolve(ForecastConfig.FILE)).object("training");
    int all = Math.addExact(config.frames(), steps);
    var data =
        new MovingDigits(
            Split.TEST, TrainSettings.TEST_SEED, all, config.height(), fields.small("digits"));
    int pixels = config.height() * config.width();
    var frames = new float[DRAWN * config.frames() * pixels];
    var truth = new float[DRAWN * steps * pixels];
    var one = new float[all * pixels];
    for (int i = 0; i < DRAWN; i++) {
      data.fill(index + i, one, 0);
      int seen = config.frames() * pixels;
      System.arraycopy(one, 0, frames, i * seen, seen);
      System.arraycopy(one, seen, truth, i * steps * pixels, steps * pixels);
    }
    var shape = Shape.of(DRAWN, config.frames(), 1, config.height(), config.width());
    return new Task(new NpyArray(shape, frames), truth, 0);
  }

  private Task file(ForecastConfig config) {
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
    return new Task(array, new float[0], (int) index);
  }

  /** Makes [N, A, C, H, W] of [N, T, C, H, W]. */
  private static float[] predict(
      EncoderForecaster model, Device device, NpyArray frames, int steps) {
    var shape = frames.shape();
    var s = new Sequences(shape.size(1), shape.size(2), shape.size(3), shape.size(4));
    var to = new Sequences(steps, s.channels, s.height, s.width);
    int all = shape.size(0);
    var predicted = new float[Math.toIntExact(Math.multiplyExact((long) all, to.size()))];
    for (int first = 0; first < all; first += BATCH) {
      int n = Math.min(BATCH, all - first);
      try (var pass = Pass.inference(device)) {
        var batch = s.batch(frames.values(), first, n);
        var seen = pass.tensor(Shape.of(s.steps, n, s.height, s.width, s.channels), batch);
        to.unbatch(model.forward(pass, seen, steps).floats(), predicted, first, n);
      }
    }
    return predicted;
  }

  /** The sizes of one sequence; moves between [N, T, C, H, W] and [T, N, H, W, C]. */
  private record Sequences(int steps, int channels, int height, int width) {
    long size() {
      return (long) steps * channels * height * width;
    }

    float[] batch(float[] from, int first, int n) {
      var batch = new float[Math.toIntExact(n * size())];
      move(first, n, (outside, inside) -> batch[inside] = from[outside]);
      return batch;
    }

    void unbatch(float[] batch, float[] to, int first, int n) {
      move(first, n, (outside, inside) -> to[outside] = batch[inside]);
    }

    private interface Move {
      void at(int outside, int inside);
    }

    private void move(int first, int n, Move move) {
      int area = height * width;
      for (int i = 0; i < n; i++) {
        for (int t = 0; t < steps; t++) {
          for (int c = 0; c < channels; c++) {
            int outside = (((first + i) * steps + t) * channels + c) * area;
            int inside = (t * n + i) * area * channels + c;
            for (int p = 0; p < area; p++) {
              move.at(outside + p, inside + p * channels);
            }
          }
        }
      }
    }
  }

  private void write(ForecastConfig config, Task task, float[] predicted, int steps) {
    var folder = out == null ? model.resolve("predicted") : out;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw Failure.io(folder, "cannot be made", e);
    }
    var dims = task.frames.shape().dims();
    dims[1] = steps;
    var array = new NpyArray(Shape.of(dims), predicted);
    var clips = clips(task, predicted, steps);
    AtomicFile.write(folder.resolve("prediction.npy"), Npy.bytes(array));
    int scale = Math.max(1, 192 / (int) dims[4]);
    AtomicFile.write(folder.resolve("prediction.gif"), PredictionGif.gif(clips, scale));
    AtomicFile.write(folder.resolve("prediction.png"), FrameSheet.png(clips));
    spec.commandLine()
        .getOut()
        .println(
            "%s: %s foreseen after %d frames; prediction.npy, prediction.gif, prediction.png"
                .formatted(folder, array.shape(), task.frames.shape().dim(1)));
  }

  /** Up to three sequences to draw, the first channel of each. */
  private static List<Clip> clips(Task task, float[] predicted, int steps) {
    var shape = task.frames.shape();
    int height = shape.size(3);
    int width = shape.size(4);
    var clips = new ArrayList<Clip>();
    for (int i = task.draw; i < Math.min(shape.size(0), task.draw + DRAWN); i++) {
      var truth = task.truth.length == 0 ? task.truth : channel(task.truth, i, steps, shape);
      clips.add(
          new Clip(
              height,
              width,
              channel(task.frames.values(), i, shape.size(1), shape),
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
