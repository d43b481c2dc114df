package dev.sluice.train;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.FrameForecaster;
import dev.sluice.nn.PredRnn;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Json;
import dev.sluice.weights.Safetensors;
import dev.sluice.weights.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The losses of the first steps of training, which PyTorch repeats from the same weights and clips:
 * {@code benchmarks/curves} runs both, {@link LossCurvesTest} compares with what PyTorch had.
 *
 * @param model convlstm or predrnn
 * @param size of a frame
 * @param batch N
 * @param hidden K of each layer
 */
record LossCurves(String model, int size, int batch, int hidden) {
  static final List<String> MODELS = List.of("convlstm", "predrnn");
  static final int STEPS = 50;
  private static final int BATCHES = 10;
  private static final int FRAMES = 20;
  private static final int SEEN = 10;
  private static final int PATCH = 4;
  private static final double RATE = 1e-3;

  /** A setting whose curve stands in the tests. */
  static LossCurves small(String model) {
    return new LossCurves(model, 32, 2, 8);
  }

  /** A setting like that of a whole training run. */
  static LossCurves large(String model) {
    return new LossCurves(model, 64, 8, 32);
  }

  private FrameForecaster build(DeviceArena arena) {
    var weights = Weights.random(1);
    var two = List.of(hidden, hidden);
    return switch (model) {
      case "convlstm" ->
          new EncoderForecaster(
              new EncoderForecaster.Config(1, two, 3, PATCH, null, true), weights, arena);
      case "predrnn" ->
          new PredRnn(new PredRnn.Config(1, two, 3, PATCH, null, false, 0), weights, arena);
      default -> throw new IllegalArgumentException("expected one of " + MODELS + ", got " + model);
    };
  }

  /** [T, N, H, W, C] */
  private Shape clip() {
    return Shape.of(FRAMES, batch, size, size, 1);
  }

  private float[] clip(int step) {
    var frames = new float[(int) clip().elements()];
    long first = (long) step % BATCHES * batch;
    new MovingDigits(Split.TRAIN, 1, FRAMES, size, 2).batch(first, batch, frames, 0);
    return frames;
  }

  /** {@return the loss before each step} */
  double[] losses(Device device) {
    try (var arena = device.arena()) {
      var net = build(arena);
      var adam = new Adam(net.parameters(), RATE, arena);
      var rates = Schedule.constant(RATE);
      var trainer = new Trainer(device, net, adam, rates, Double.POSITIVE_INFINITY);
      var losses = new double[STEPS];
      for (int step = 0; step < STEPS; step++) {
        var frames = clip(step);
        losses[step] =
            trainer.step(pass -> net.loss(pass, pass.tensor(clip(), frames), SEEN, Loss.mse()::of));
      }
      return losses;
    }
  }

  /** Writes the first weights and the clips [batches, T, N, H, W]. */
  private void export(Device device, Path file) {
    var tensors = new LinkedHashMap<String, HostTensor>();
    try (var arena = device.arena()) {
      for (var p : build(arena).parameters()) {
        tensors.put("model." + p.name(), new HostTensor(p.value().shape(), p.value().floats()));
      }
    }
    int pixels = (int) clip().elements();
    var clips = new float[BATCHES * pixels];
    for (int i = 0; i < BATCHES; i++) {
      System.arraycopy(clip(i), 0, clips, i * pixels, pixels);
    }
    var shape = Shape.of(BATCHES, FRAMES, batch, size, size);
    tensors.put("clips", new HostTensor(shape, clips));
    Safetensors.write(file, tensors, Map.of());
  }

  private Map<String, Object> settings(double[] losses) {
    var all = new LinkedHashMap<String, Object>();
    all.put("model", model);
    all.put("size", size);
    all.put("batch", batch);
    all.put("hidden", hidden);
    all.put("seen", SEEN);
    all.put("patch", PATCH);
    all.put("rate", RATE);
    var list = new ArrayList<Double>();
    for (double loss : losses) {
      list.add(loss);
    }
    all.put("losses", list);
    return all;
  }

  /**
   * Trains, and leaves what PyTorch needs to do the same.
   *
   * @param args the folder to write to
   */
  public static void main(String[] args) throws IOException {
    var folder = Path.of(args[0]);
    try (var device = Device.best()) {
      for (var model : MODELS) {
        for (var curves : List.of(small(model), large(model))) {
          var name = model + "-" + curves.size;
          System.err.println("Sluice: " + name);
          curves.export(device, folder.resolve(name + ".safetensors"));
          var settings = Json.writePretty(curves.settings(curves.losses(device)));
          Files.writeString(folder.resolve(name + ".json"), settings);
        }
      }
    }
  }
}
