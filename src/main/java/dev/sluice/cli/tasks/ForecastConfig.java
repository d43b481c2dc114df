package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import dev.sluice.FormatException;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.FrameCell;
import dev.sluice.nn.FrameFeedback;
import dev.sluice.nn.FrameForecaster;
import dev.sluice.nn.PredRnn;
import dev.sluice.nn.PredRnnPlusPlus;
import dev.sluice.weights.Weights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model that foresees frames, as config.json holds it: what predict has to know.
 *
 * @param model which
 * @param channels C of a frame
 * @param height H of a frame in pixels
 * @param width W of a frame in pixels
 * @param frames that it saw in training
 * @param ahead frames that it foresaw in training
 * @param hidden channels of each layer, lowest first
 * @param kernel of the cells
 * @param patch pixels of a patch, each way
 * @param peephole whether the gates see the cell
 * @param low the value of the data that is 0 for the model
 * @param high the value that is 1
 */
record ForecastConfig(
    FrameModel model,
    int channels,
    int height,
    int width,
    int frames,
    int ahead,
    List<Integer> hidden,
    int kernel,
    int patch,
    boolean peephole,
    double low,
    double high) {
  private static final double DECOUPLE = 0.1;

  ForecastConfig {
    hidden = List.copyOf(hidden);
    if (frames < 1 || ahead < 1) {
      throw new IllegalArgumentException(
          "model: expected 1 or more frames seen and ahead, got " + frames + " and " + ahead);
    }
    if (patch < 1 || height < 1 || width < 1 || height % patch != 0 || width % patch != 0) {
      throw new IllegalArgumentException(
          "model: expected frames whose sides are multiples of the patch, got %dx%d and patch %d"
              .formatted(height, width, patch));
    }
    int below = channels * patch * patch;
    for (int k : hidden) {
      new ConvLstm.Config(below, k, kernel, kernel, null);
      below = k;
    }
    switch (model) {
      case PREDRNN, PREDRNN_V2 -> predRnn(model, channels, hidden, kernel, patch);
      case PREDRNN_PLUS_PLUS -> plusPlus(channels, hidden, kernel, patch);
      default -> {}
    }
  }

  private static PredRnn.Config predRnn(
      FrameModel model, int channels, List<Integer> hidden, int kernel, int patch) {
    boolean second = model == FrameModel.PREDRNN_V2;
    return new PredRnn.Config(channels, hidden, kernel, patch, null, second, second ? DECOUPLE : 0);
  }

  private static PredRnnPlusPlus.Config plusPlus(
      int channels, List<Integer> hidden, int kernel, int patch) {
    return new PredRnnPlusPlus.Config(channels, hidden, kernel, patch, null, false);
  }

  /**
   * Makes the network.
   *
   * @param sigmoid whether the outputs of an encoder-forecaster are pixels rather than logits
   */
  FrameForecaster build(boolean sigmoid, Weights weights, DeviceArena arena) {
    var frame = peephole ? new ConvLstm.Config.Frame(height / patch, width / patch) : null;
    var cell =
        model == FrameModel.CONVGRU || model == FrameModel.FEEDBACK_CONVGRU
            ? FrameCell.CONV_GRU
            : FrameCell.CONV_LSTM;
    return switch (model) {
      case CONVLSTM, CONVGRU ->
          new EncoderForecaster(
              new EncoderForecaster.Config(cell, channels, hidden, kernel, patch, frame, sigmoid),
              weights,
              arena);
      case FEEDBACK_CONVLSTM, FEEDBACK_CONVGRU ->
          new FrameFeedback(
              new FrameFeedback.Config(cell, channels, hidden, kernel, patch, frame, true),
              weights,
              arena);
      case PREDRNN, PREDRNN_V2 ->
          new PredRnn(predRnn(model, channels, hidden, kernel, patch), weights, arena);
      case PREDRNN_PLUS_PLUS ->
          new PredRnnPlusPlus(plusPlus(channels, hidden, kernel, patch), weights, arena);
    };
  }

  /** Loads the model of a folder, every tensor of its file used. */
  static FrameForecaster load(Path folder, ForecastConfig config, DeviceArena arena) {
    var weights = Weights.open(folder.resolve(ModelFolder.WEIGHTS));
    var model = config.build(true, weights, arena);
    weights.requireAllUsed();
    return model;
  }

  static ForecastConfig of(Fields fields) {
    try {
      return new ForecastConfig(
          FrameModel.of(fields),
          fields.small("channels"),
          fields.small("height"),
          fields.small("width"),
          fields.small("frames"),
          fields.small("ahead"),
          fields.wholes("hidden"),
          fields.small("kernel"),
          fields.small("patch"),
          fields.flag("peephole"),
          fields.number("low"),
          fields.number("high"));
    } catch (FormatException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new FormatException(fields.file(), e.getMessage());
    }
  }

  /**
   * Numbers in the kernels, roughly; a double, as sizes beyond all machines come here to be
   * refused.
   */
  double kernelNumbers() {
    double inner = (double) channels * patch * patch;
    double area = (double) kernel * kernel;
    double numbers = 0;
    double below = inner;
    double belowAhead = 0;
    for (double k : hidden) {
      numbers +=
          k * inner
              + k
                  * area
                  * switch (model) {
                    case CONVLSTM -> 4 * (below + k + belowAhead + k);
                    case CONVGRU -> 3 * (below + k + belowAhead + k);
                    case FEEDBACK_CONVLSTM -> 4 * (below + k);
                    case FEEDBACK_CONVGRU -> 3 * (below + k);
                    case PREDRNN, PREDRNN_V2 -> 7 * below + 9 * k;
                    case PREDRNN_PLUS_PLUS -> 7 * below + 16 * k;
                  };
      below = k;
      belowAhead = k;
    }
    return numbers;
  }

  /** What config.json holds. */
  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", model.key());
    map.put("channels", channels);
    map.put("height", height);
    map.put("width", width);
    map.put("frames", frames);
    map.put("ahead", ahead);
    map.put("hidden", hidden);
    map.put("kernel", kernel);
    map.put("patch", patch);
    map.put("peephole", peephole);
    map.put("low", low);
    map.put("high", high);
    return map;
  }
}
