package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * frames: [T, N, H, W, C] to the next ones, [A, N, H, W, C]: layers of ConvLSTM or ConvGRU read the
 * frames seen and hand copies of their states to forecasting layers, the lowest of which gets no
 * input; a 1x1 convolution over all forecasting layers' outputs makes the frames (Shi 2015, section
 * 3.3).
 *
 * <p>Parameters: those of {@link ConvLstm} or {@link ConvGru} with suffixes {@code _enc0, _enc1,
 * ..., _fc0, ...}, then {@code head.weight}, {@code head.bias}.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var config = new EncoderForecaster.Config(1, List.of(16, 16), 5, 4, null, true);
 *   var model = new EncoderForecaster(config, Weights.random(1), arena);
 *   var seen = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 64, 64, 1));
 *   var next = model.forward(pass, seen, 10); // [10, 2, 64, 64, 1]
 * }
 * }</pre>
 */
public final class EncoderForecaster implements FrameForecaster {
  private final Config config;
  private final List<FrameLayer> encoder = new ArrayList<>();
  private final List<FrameLayer> forecaster = new ArrayList<>();
  private final Conv2d head;

  /**
   * What the model is.
   *
   * @param cell of all layers
   * @param channels C of a frame
   * @param hidden K of each layer, lowest first
   * @param kernel of the cells, odd
   * @param patch p; the cells see frames of [H/p, W/p, p p C]
   * @param peephole the size of the frames that the cells see, or null without peepholes; for
   *     ConvLSTM
   * @param sigmoid whether the frames end in a logistic function, for pixels in 0..1
   */
  public record Config(
      FrameCell cell,
      int channels,
      List<Integer> hidden,
      int kernel,
      int patch,
      ConvLstm.Config.Frame peephole,
      boolean sigmoid) {
    /** Checks the sizes. */
    public Config {
      hidden = List.copyOf(hidden);
      FrameLayer.check("encoder-forecaster", cell, channels, hidden, peephole);
      new Patch(patch);
    }

    /**
     * A model of ConvLSTM.
     *
     * @param channels C of a frame
     * @param hidden K of each layer, lowest first
     * @param kernel of the cells, odd
     * @param patch p
     * @param peephole the size of the frames that the cells see, or null without peepholes
     * @param sigmoid whether the frames end in a logistic function
     */
    public Config(
        int channels,
        List<Integer> hidden,
        int kernel,
        int patch,
        ConvLstm.Config.Frame peephole,
        boolean sigmoid) {
      this(FrameCell.CONV_LSTM, channels, hidden, kernel, patch, peephole, sigmoid);
    }

    int inner() {
      return channels * patch * patch;
    }
  }

  /**
   * A float32 model.
   *
   * @param config what it is
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public EncoderForecaster(Config config, Weights weights, DeviceArena arena) {
    this(config, DType.FLOAT32, weights, arena);
  }

  /**
   * A model of another type.
   *
   * @param config what it is
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public EncoderForecaster(Config config, DType type, Weights weights, DeviceArena arena) {
    this.config = config;
    int below = config.inner();
    int total = 0;
    for (int l = 0; l < config.hidden.size(); l++) {
      encoder.add(layer(below, l, "_enc" + l, type, weights, arena));
      below = config.hidden.get(l);
      total += below;
    }
    below = 0;
    for (int l = 0; l < config.hidden.size(); l++) {
      forecaster.add(layer(below, l, "_fc" + l, type, weights, arena));
      below = config.hidden.get(l);
    }
    // Frames are mostly black: a sigmoid that starts near its mean saves the first steps.
    var bias = config.sigmoid ? Init.constant(-2) : Init.uniform(1 / Math.sqrt(total));
    this.head =
        new Conv2d(
            new Conv2d.Config(total, config.inner(), 1, 1, bias), type, weights.at("head"), arena);
  }

  private FrameLayer layer(
      int inputs, int layer, String suffix, DType type, Weights weights, DeviceArena arena) {
    int hidden = config.hidden.get(layer);
    return FrameLayer.of(
        config.cell, inputs, hidden, config.kernel, config.peephole, type, suffix, weights, arena);
  }

  /** {@return what the model is} */
  public Config config() {
    return config;
  }

  @Override
  public List<Parameter> parameters() {
    var all = new ArrayList<Parameter>();
    encoder.forEach(layer -> all.addAll(layer.parameters()));
    forecaster.forEach(layer -> all.addAll(layer.parameters()));
    head.parameters().forEach(p -> all.add(p.within("head")));
    return all;
  }

  @Override
  public Tensor forward(Pass pass, Tensor frames, int ahead) {
    if (ahead < 1) {
      throw new IllegalArgumentException(
          "encoder-forecaster: expected at least 1 frame ahead, got " + ahead);
    }
    return pass.together(() -> steps(pass, frames, ahead));
  }

  private Tensor steps(Pass pass, Tensor frames, int ahead) {
    var patch = new Patch(config.patch);
    var x = patch.split(pass, frames);
    var states = new ArrayList<List<Tensor>>();
    for (var layer : encoder) {
      var output = layer.forward(pass, x, null);
      x = output.y();
      states.add(output.last());
    }
    var outputs = new ArrayList<Tensor>();
    for (int l = 0; l < forecaster.size(); l++) {
      var layer = forecaster.get(l);
      var output =
          l == 0
              ? layer.forward(pass, ahead, states.get(0))
              : layer.forward(pass, outputs.get(l - 1), states.get(l));
      outputs.add(output.y());
    }
    var y = patch.join(pass, head.forward(pass, Elementwise.concat(pass, outputs)));
    return config.sigmoid ? Elementwise.sigmoid(pass, y) : y;
  }
}
