package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * frames: [T, N, H, W, C] to the next ones: [T - 1, N, H/p, W/p, p p C], in patches: layers of
 * {@link StLstm} whose memory m climbs through the layers of a step and goes from the highest to
 * the lowest of the next (Wang 2017, figure 2); a 1x1 convolution over the highest h makes each
 * frame.
 *
 * <p>With a decoupling weight (PredRNN-V2, Wang 2022, equation 6) {@link Output#decouple} is the
 * mean over steps, layers, samples and channels of {@code |cos(A * (i g), A * (i' g'))|}, A one 1x1
 * convolution for all, the vectors being the pixels of a channel.
 *
 * <p>Parameters as in the official code: {@code cell_list.0.conv_x.0.weight} and so on, see {@link
 * StLstm}; {@code conv_last.weight [p p C, K, 1, 1]}; {@code adapter.weight [K, K, 1, 1]}.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var config = new PredRnn.Config(1, List.of(16, 16), 5, 4, null, false, 0);
 *   var model = new PredRnn(config, Weights.random(1), arena);
 *   var seen = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 64, 64, 1));
 *   var next = model.forward(pass, seen, 10); // [10, 2, 64, 64, 1]
 * }
 * }</pre>
 */
public final class PredRnn extends SampledForecaster<PredRnn.Output> {
  private static final double[] NONE = {};

  private final Config config;
  private final List<StLstm> cells = new ArrayList<>();
  private final Convolve head;
  private final Convolve adapter;

  /**
   * What the model is.
   *
   * @param channels C of a frame
   * @param hidden K of each layer, lowest first; all the same, since m passes through all
   * @param kernel of the cells, odd
   * @param patch p; the cells see frames of [H/p, W/p, p p C]
   * @param layerNorm the size of the frames that the cells see, or null without layer norm
   * @param reverse whether the mask begins with the second frame, not with the first unseen one
   * @param decouple the weight of the decoupling loss, or 0 without
   */
  public record Config(
      int channels,
      List<Integer> hidden,
      int kernel,
      int patch,
      ConvLstm.Config.Frame layerNorm,
      boolean reverse,
      double decouple) {
    /** Checks the sizes. */
    public Config {
      hidden = List.copyOf(hidden);
      check("predrnn", channels, hidden, patch);
      if (!(decouple >= 0) || Double.isInfinite(decouple)) {
        throw new IllegalArgumentException(
            "predrnn: expected a decoupling weight >= 0, got " + decouple);
      }
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
      return new FrameSampling("predrnn", reverse);
    }
  }

  /**
   * What a trip gives.
   *
   * @param y [T - 1, N, H/p, W/p, p p C] the predictions, in patches
   * @param h [N, H/p, W/p, K] of each layer after the last step
   * @param c [N, H/p, W/p, K] of each layer after the last step
   * @param m [N, H/p, W/p, K] the memory after the last step
   * @param decouple [1] the decoupling loss, unweighted, or null without
   */
  public record Output(Tensor y, List<Tensor> h, List<Tensor> c, Tensor m, Tensor decouple) {}

  /**
   * A float32 model.
   *
   * @param config what it is
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public PredRnn(Config config, Weights weights, DeviceArena arena) {
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
  public PredRnn(Config config, DType type, Weights weights, DeviceArena arena) {
    super(config.sampling(), config.channels, config.patch, type);
    this.config = config;
    int k = config.hidden.getFirst();
    for (int l = 0; l < config.hidden.size(); l++) {
      var cell =
          new StLstm.Config(
              l == 0 ? config.inner() : k, k, config.kernel, config.kernel, config.layerNorm);
      var name = "cell_list." + l;
      cells.add(within(name, new StLstm(cell, type, weights.at(name), arena)));
    }
    head = pointwise("conv_last.weight", config.inner(), k, weights, arena);
    adapter = config.decouple == 0 ? null : pointwise("adapter.weight", k, k, weights, arena);
  }

  /** {@return what the model is} */
  public Config config() {
    return config;
  }

  @Override
  Tensor predictions(Output output) {
    return output.y;
  }

  /** [1]: a loss and the weighted decoupling loss; the loss itself where there is none. */
  @Override
  Tensor whole(Pass pass, Tensor loss, Output output) {
    if (output.decouple == null) {
      return loss;
    }
    var sum = pass.watch(pass.zeros(type, Shape.of(1)));
    addScaled(pass, output.decouple, sum);
    run(pass, "add", NONE, loss, sum);
    pass.record(
        () -> {
          var arrived = pass.arrived(sum);
          if (arrived != null) {
            addScaled(pass, arrived, pass.gradient(output.decouple));
            if (pass.wants(loss)) {
              run(pass, "add", NONE, arrived, pass.gradient(loss));
            }
          }
        });
    return sum;
  }

  private void addScaled(Pass pass, Tensor from, Tensor to) {
    var scaled = pass.empty(type, Shape.of(1));
    run(pass, "copy", NONE, from, scaled);
    run(pass, "scale", new double[] {config.decouple}, scaled);
    run(pass, "add", NONE, scaled, to);
  }

  @Override
  Output steps(Pass pass, Tensor x, int total, FrameSampling.Reading reading) {
    var frame = x.shape().inner();
    int layers = cells.size();
    var zeros = cells.getFirst().zeros(pass, frame.size(0), frame.size(1), frame.size(2));
    var y = pass.watch(pass.empty(type, frame.outer(total - 1L)));
    var deltas = adapter == null ? null : deltas(pass, zeros.h().shape(), total);
    var also =
        deltas == null ? List.<Tensor>of() : List.of(byStep(deltas.at(0)), byStep(deltas.at(1)));
    var states = Collections.nCopies(2 * layers + 1, zeros.h());
    var last = new FrameLoop(reading, this::climb, head::addTo).run(pass, x, null, states, y, also);
    return new Output(
        y,
        IntStream.range(0, layers).mapToObj(l -> last.get(2 * l)).toList(),
        IntStream.range(0, layers).mapToObj(l -> last.get(2 * l + 1)).toList(),
        last.getLast(),
        deltas == null ? null : decouple(pass, deltas));
  }

  /** States: h and c of each layer, then m. */
  private Tensor climb(Pass pass, Tensor x, List<Tensor> states, List<Tensor> deltas) {
    int layers = cells.size();
    for (int l = 0; l < layers; l++) {
      var before = new StLstm.State(states.get(2 * l), states.get(2 * l + 1), states.getLast());
      var added =
          deltas.isEmpty()
              ? StLstm.Deltas.NONE
              : new StLstm.Deltas(deltas.get(0).at(l), deltas.get(1).at(l));
      var after = cells.get(l).step(pass, x, before, added);
      states.set(2 * l, after.h());
      states.set(2 * l + 1, after.c());
      states.set(2 * layers, after.m());
      x = after.h();
    }
    return x;
  }

  /** [2, (T - 1) L, N, H, W, K]: what every step of every layer adds to c, and to m. */
  private Tensor deltas(Pass pass, Shape state, int total) {
    long steps = (total - 1L) * cells.size();
    return pass.watch(pass.empty(type, state.outer(steps).outer(2)));
  }

  /** [T - 1, L, ...] of [(T - 1) L, ...]. */
  private Tensor byStep(Tensor deltas) {
    long layers = cells.size();
    var shape = deltas.shape();
    return deltas.reshape(shape.inner().outer(layers).outer(shape.dim(0) / layers));
  }

  private Tensor decouple(Pass pass, Tensor deltas) {
    var adapted = adapter.inPlace(pass, deltas);
    var dims = deltas.shape().dims();
    var frames = Shape.of(dims[1] * dims[2], dims[3], dims[4], dims[5]);
    var a = adapted.at(0).reshape(frames);
    var b = adapted.at(1).reshape(frames);
    var stats = pass.empty(type, Shape.of(dims[1] * dims[2], 3, dims[5]));
    var loss = pass.watch(pass.empty(type, Shape.of(1)));
    run(pass, "decouple", NONE, a, b, stats, loss);
    pass.record(() -> run(pass, "decouple_backward", NONE, a, b, stats, pass.gradient(loss)));
    return loss;
  }

  private static void run(Pass pass, String kernel, double[] scalars, Tensor... tensors) {
    pass.device().backend().kernel(kernel).run(pass.stream(), scalars, tensors);
  }
}
