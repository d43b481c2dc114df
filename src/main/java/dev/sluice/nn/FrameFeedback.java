package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * frames: [T, N, H, W, C] to the next ones, [A, N, H, W, C]: one stack of ConvLSTM or ConvGRU
 * layers whose 1x1 head predicts the next frame at every step, and which after the last frame seen
 * reads its own predictions. Gradients flow through what is fed back; training compares all T - 1
 * predictions with the frames, those of frames seen too.
 *
 * <p>Parameters: those of {@link ConvLstm} or {@link ConvGru} with suffixes {@code _l0, _l1, ...},
 * then {@code head.weight}, {@code head.bias}.
 */
public final class FrameFeedback implements FrameForecaster {
  private final Config config;
  private final DType type;
  private final List<FrameLayer> layers = new ArrayList<>();
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
      FrameLayer.check("frame feedback", cell, channels, hidden, peephole);
      new Patch(patch);
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
  public FrameFeedback(Config config, Weights weights, DeviceArena arena) {
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
  public FrameFeedback(Config config, DType type, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    int below = config.inner();
    for (int l = 0; l < config.hidden.size(); l++) {
      int k = config.hidden.get(l);
      layers.add(
          FrameLayer.of(
              config.cell,
              below,
              k,
              config.kernel,
              config.peephole,
              type,
              "_l" + l,
              weights,
              arena));
      below = k;
    }
    // Frames are mostly black: a sigmoid that starts near its mean saves the first steps.
    var bias = config.sigmoid ? Init.constant(-2) : Init.uniform(1 / Math.sqrt(below));
    head =
        new Conv2d(
            new Conv2d.Config(below, config.inner(), 1, 1, bias), type, weights.at("head"), arena);
  }

  /** {@return what the model is} */
  public Config config() {
    return config;
  }

  @Override
  public List<Parameter> parameters() {
    var all = new ArrayList<Parameter>();
    layers.forEach(layer -> all.addAll(layer.parameters()));
    head.parameters().forEach(p -> all.add(p.within("head")));
    return all;
  }

  @Override
  public Tensor forward(Pass pass, Tensor frames, int ahead) {
    if (ahead < 1) {
      throw new IllegalArgumentException(
          "frame feedback: expected at least 1 frame ahead, got " + ahead);
    }
    long seen = frames.shape().dim(0);
    var all = predictions(pass, frames, Math.toIntExact(seen + ahead));
    return all.slice(seen - 1, seen + ahead - 1);
  }

  /**
   * {@return [1]: the loss of all T - 1 predictions}
   *
   * @param pass holds what is computed
   * @param clip [T, N, H, W, C]
   * @param seen how many frames are read, 1 to T - 1
   * @param criterion compares predictions and frames
   */
  @Override
  public Tensor loss(Pass pass, Tensor clip, int seen, Criterion criterion) {
    int total = clip.shape().size(0);
    FrameSampling.requireSeen("frame feedback", seen, total);
    var predicted = predictions(pass, clip.slice(0, seen), total);
    return criterion.of(pass, predicted, clip.slice(1, total));
  }

  /** Frames 1 to T - 1, [T - 1, N, H, W, C], from the first ones. */
  private Tensor predictions(Pass pass, Tensor frames, int total) {
    Shapes.check(
        "frame feedback: frames",
        frames,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        config.channels);
    return pass.together(() -> steps(pass, frames, total));
  }

  private Tensor steps(Pass pass, Tensor frames, int total) {
    var patch = new Patch(config.patch);
    var x = patch.split(pass, frames);
    int seen = x.shape().size(0);
    // The head adds, so that it can write a prediction to its place.
    var y = pass.watch(pass.zeros(type, x.shape().inner().outer(total - 1L)));
    var states = new ArrayList<Tensor>();
    head.addTo(pass, climb(pass, x, states), y.slice(0, seen));
    if (seen < total - 1) {
      new FrameLoop(FrameSampling.fedBack(), this::step, head::addTo)
          .run(pass, null, y.at(seen - 1L), states, y.slice(seen, total - 1L), List.of());
    }
    return patch.join(pass, activated(pass, y));
  }

  private Tensor step(Pass pass, Tensor made, List<Tensor> states, List<Tensor> also) {
    var x = activated(pass, made);
    return climb(pass, x.reshape(x.shape().outer(1)), states).at(0);
  }

  /** Runs all layers from the states, none before the first frame, and leaves the states after. */
  private Tensor climb(Pass pass, Tensor x, List<Tensor> states) {
    int each = states.size() / layers.size();
    var after = new ArrayList<Tensor>();
    var y = x;
    for (int l = 0; l < layers.size(); l++) {
      var before = each == 0 ? null : List.copyOf(states.subList(l * each, (l + 1) * each));
      var output = layers.get(l).forward(pass, y, before);
      y = output.y();
      after.addAll(output.last());
    }
    states.clear();
    states.addAll(after);
    return y;
  }

  private Tensor activated(Pass pass, Tensor y) {
    return config.sigmoid ? Elementwise.sigmoid(pass, y) : y;
  }
}
