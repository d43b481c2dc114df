package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * frames: [T, N, H, W, C] to the next ones: [T - 1, N, H/p, W/p, p p C], in patches: layers of
 * {@link CausalLstm} whose memory m climbs through the layers of a step and goes from the highest
 * to the lowest of the next, with a {@link Ghu} between the first and the second layer (Wang 2018,
 * figure 3); a 1x1 convolution over the highest h makes each frame.
 *
 * <p>Parameters as in OpenSTL: {@code gradient_highway.x_concat.0.weight} and so on, see {@link
 * Ghu}; {@code cell_list.0.conv_x.0.weight} and so on, see {@link CausalLstm}; {@code
 * conv_last.weight [p p C, K, 1, 1]}.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var config = new PredRnnPlusPlus.Config(1, List.of(16, 16), 5, 4, null, false);
 *   var model = new PredRnnPlusPlus(config, Weights.random(1), arena);
 *   var seen = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 64, 64, 1));
 *   var next = model.forward(pass, seen, 10); // [10, 2, 64, 64, 1]
 * }
 * }</pre>
 */
public final class PredRnnPlusPlus extends SampledForecaster<PredRnnPlusPlus.Output> {
  private final Config config;
  private final Ghu highway;
  private final List<CausalLstm> cells = new ArrayList<>();
  private final Convolve head;

  /**
   * What the model is.
   *
   * @param channels C of a frame
   * @param hidden K of each layer, lowest first, at least two; all the same, since m passes through
   *     all
   * @param kernel of the cells and of the highway, odd
   * @param patch p; the cells see frames of [H/p, W/p, p p C]
   * @param layerNorm the size of the frames that the cells see, or null without layer norm
   * @param reverse whether the mask begins with the second frame, not with the first unseen one
   */
  public record Config(
      int channels,
      List<Integer> hidden,
      int kernel,
      int patch,
      ConvLstm.Config.Frame layerNorm,
      boolean reverse) {
    /** Checks the sizes. */
    public Config {
      hidden = List.copyOf(hidden);
      if (channels < 1 || hidden.size() < 2) {
        throw new IllegalArgumentException(
            "predrnn++: expected channels >= 1 and at least two layers, since the highway lies"
                + " between them, got %d and %s".formatted(channels, hidden));
      }
      check("predrnn++", channels, hidden, patch);
    }

    int inner() {
      return channels * patch * patch;
    }

    /**
     * {@return how many entries a sample's mask has}
     *
     * @param total T
     * @param seen frames that are given
     */
    public int maskLength(int total, int seen) {
      return sampling().maskLength(total, seen);
    }

    /**
     * {@return the mask of a test: only the frames that are given are read}
     *
     * @param batch N
     * @param total T
     * @param seen frames that are given
     */
    public float[] testMask(int batch, int total, int seen) {
      return sampling().testMask(batch, total, seen);
    }

    private FrameSampling sampling() {
      return new FrameSampling("predrnn++", reverse);
    }
  }

  /**
   * What a trip gives.
   *
   * @param y [T - 1, N, H/p, W/p, p p C] the predictions, in patches
   * @param last [N, H/p, W/p, K] h, c and m of each layer after the last step
   * @param z [N, H/p, W/p, K] the highway's state after the last step
   */
  public record Output(Tensor y, List<CausalLstm.State> last, Tensor z) {}

  /**
   * A float32 model.
   *
   * @param config what it is
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public PredRnnPlusPlus(Config config, Weights weights, DeviceArena arena) {
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
  public PredRnnPlusPlus(Config config, DType type, Weights weights, DeviceArena arena) {
    super(config.sampling(), config.channels, config.patch, type);
    this.config = config;
    int k = config.hidden.getFirst();
    int kernel = config.kernel;
    var norm = config.layerNorm;
    var name = "gradient_highway";
    highway =
        within(
            name, new Ghu(new Ghu.Config(k, kernel, kernel, norm), type, weights.at(name), arena));
    for (int l = 0; l < config.hidden.size(); l++) {
      int below = l == 0 ? config.inner() : k;
      var cell = new CausalLstm.Config(below, k, kernel, kernel, norm);
      name = "cell_list." + l;
      cells.add(within(name, new CausalLstm(cell, type, weights.at(name), arena)));
    }
    head = pointwise("conv_last.weight", config.inner(), k, weights, arena);
  }

  /** {@return what the model is} */
  public Config config() {
    return config;
  }

  @Override
  Tensor predictions(Output output) {
    return output.y;
  }

  @Override
  Tensor whole(Pass pass, Tensor loss, Output output) {
    return loss;
  }

  @Override
  Output steps(Pass pass, Tensor x, int total, FrameSampling.Reading reading) {
    var frame = x.shape().inner();
    int layers = cells.size();
    var zeros = cells.getFirst().zeros(pass, frame.size(0), frame.size(1), frame.size(2));
    var y = pass.watch(pass.empty(type, frame.outer(total - 1L)));
    var states = Collections.nCopies(3 * layers + 1, zeros.h());
    var last =
        new FrameLoop(reading, this::climb, head::addTo).run(pass, x, null, states, y, List.of());
    var ends = IntStream.range(0, layers).mapToObj(l -> state(last, l, last.get(3 * l + 2)));
    return new Output(y, ends.toList(), last.getLast());
  }

  /** States: h, c and m of each layer, then z. */
  private Tensor climb(Pass pass, Tensor x, List<Tensor> states, List<Tensor> also) {
    int layers = cells.size();
    var m = states.get(3 * layers - 1);
    for (int l = 0; l < layers; l++) {
      var after = cells.get(l).step(pass, x, state(states, l, m));
      m = after.m();
      states.set(3 * l, after.h());
      states.set(3 * l + 1, after.c());
      states.set(3 * l + 2, m);
      x = after.h();
      if (l == 0) {
        x = highway.step(pass, x, states.getLast());
        states.set(3 * layers, x);
      }
    }
    return x;
  }

  private static CausalLstm.State state(List<Tensor> states, int layer, Tensor m) {
    return new CausalLstm.State(states.get(3 * layer), states.get(3 * layer + 1), m);
  }
}
