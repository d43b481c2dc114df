package dev.sluice.cli;

import dev.sluice.DeviceArena;
import dev.sluice.FormatException;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.weights.Json;
import dev.sluice.weights.Weights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model that foresees frames, as config.json holds it: what predict has to know.
 *
 * @param channels C of a frame
 * @param height H of a frame in pixels
 * @param width W of a frame in pixels
 * @param frames that it saw in training
 * @param ahead frames that it foresaw in training
 * @param hidden channels of each layer, lowest first
 * @param kernel of the cells
 * @param patch pixels of a patch, each way
 * @param peephole whether the gates see the cell
 */
record ForecastConfig(
    int channels,
    int height,
    int width,
    int frames,
    int ahead,
    List<Integer> hidden,
    int kernel,
    int patch,
    boolean peephole) {
  static final String FILE = "config.json";
  static final String WEIGHTS = "model.safetensors";
  private static final String MODEL = "encoder-forecaster";
  private static final String CELL = "convlstm";

  ForecastConfig {
    hidden = List.copyOf(hidden);
    if (frames < 1 || ahead < 1) {
      throw new IllegalArgumentException(
          "model: expected 1 or more frames seen and ahead, got " + frames + " and " + ahead);
    }
    checkFrame(patch, height, width);
    network(patch, height, width, channels, hidden, kernel, peephole, true);
  }

  private static void checkFrame(int patch, int height, int width) {
    if (patch < 1 || height < 1 || width < 1 || height % patch != 0 || width % patch != 0) {
      throw new IllegalArgumentException(
          "model: expected frames whose sides are multiples of the patch, got %dx%d and patch %d"
              .formatted(height, width, patch));
    }
  }

  private static EncoderForecaster.Config network(
      int patch,
      int height,
      int width,
      int channels,
      List<Integer> hidden,
      int kernel,
      boolean peephole,
      boolean sigmoid) {
    var frame = peephole ? new ConvLstm.Config.Frame(height / patch, width / patch) : null;
    int below = channels * patch * patch;
    for (int k : hidden) {
      new ConvLstm.Config(below, k, kernel, kernel, frame);
      below = k;
    }
    return new EncoderForecaster.Config(channels, hidden, kernel, patch, frame, sigmoid);
  }

  /**
   * Makes the network.
   *
   * @param sigmoid whether its outputs are pixels rather than logits
   */
  EncoderForecaster build(boolean sigmoid, Weights weights, DeviceArena arena) {
    return new EncoderForecaster(
        network(patch, height, width, channels, hidden, kernel, peephole, sigmoid), weights, arena);
  }

  /** Loads the model of a folder, every tensor of its file used. */
  static EncoderForecaster load(Path folder, ForecastConfig config, DeviceArena arena) {
    var weights = Weights.open(folder.resolve(WEIGHTS));
    var model = config.build(true, weights, arena);
    weights.requireAllUsed();
    return model;
  }

  static ForecastConfig read(Path folder) {
    var fields = Fields.read(folder.resolve(FILE));
    if (!fields.text("model").equals(MODEL) || !fields.text("cell").equals(CELL)) {
      throw new FormatException(
          fields.file(),
          "expected the model %s of %s cells, got %s of %s"
              .formatted(MODEL, CELL, fields.text("model"), fields.text("cell")));
    }
    try {
      return new ForecastConfig(
          fields.small("channels"),
          fields.small("height"),
          fields.small("width"),
          fields.small("frames"),
          fields.small("ahead"),
          fields.wholes("hidden"),
          fields.small("kernel"),
          fields.small("patch"),
          fields.flag("peephole"));
    } catch (IllegalArgumentException e) {
      throw new FormatException(fields.file(), e.getMessage());
    }
  }

  /**
   * Numbers in the kernels, peepholes and biases left out; a double, as sizes beyond all machines
   * come here to be refused.
   */
  double kernelNumbers() {
    double inner = (double) channels * patch * patch;
    double area = (double) kernel * kernel;
    double numbers = 0;
    double below = inner;
    double belowAhead = 0;
    for (double k : hidden) {
      numbers += 4 * k * area * (below + k + belowAhead + k) + k * inner;
      below = k;
      belowAhead = k;
    }
    return numbers;
  }

  /** The text of config.json. */
  String json(Map<String, ?> training) {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", MODEL);
    map.put("cell", CELL);
    map.put("channels", channels);
    map.put("height", height);
    map.put("width", width);
    map.put("frames", frames);
    map.put("ahead", ahead);
    map.put("hidden", hidden);
    map.put("kernel", kernel);
    map.put("patch", patch);
    map.put("peephole", peephole);
    map.put("training", training);
    return Json.writePretty(map);
  }
}
