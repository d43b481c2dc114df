package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * x: [N, H, W, K] to z: [N, H, W, K], one step, or [T, N, H, W, K] to the same: the gradient
 * highway unit of PredRNN++, which stands between its first and second layer (Wang 2018, equation
 * 4). Frames channels-last, kernels odd, zero padding.
 *
 * <p>{@code [p u] = W_x * x + W_z * z_{t-1}, z_t = s(u) tanh(p) + (1 - s(u)) z_{t-1}}. Parameters
 * as in OpenSTL: {@code x_concat.0.weight} and {@code z_concat.0.weight [2K, K, kh, kw]}, p first,
 * no biases; with layer norm also {@code x_concat.1.weight}, {@code x_concat.1.bias [2K, H, W]} and
 * those of z (OpenSTL's own layer norm expects K channels where there are 2K, and fails). Random
 * weights are drawn from U(-0.001, 0.001), as there.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var highway = new Ghu(new Ghu.Config(16, 5), Weights.random(1), arena);
 *   var x = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 16));
 *   var z = highway.forward(pass, x, null); // [10, 2, 32, 32, 16]
 * }
 * }</pre>
 */
public final class Ghu implements Layer {
  private static final double BOUND = 0.001;
  private static final double[] NONE = {};

  private final Config config;
  private final DType type;
  private final List<Parameter> parameters = new ArrayList<>();
  private final NormedConv input;
  private final NormedConv state;

  /**
   * What the unit is.
   *
   * @param hidden K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param layerNorm the size of the frames, or null without layer norm
   */
  public record Config(
      int hidden, int kernelHeight, int kernelWidth, ConvLstm.Config.Frame layerNorm) {
    /** Checks the sizes, as the plans would. */
    public Config {
      new ConvSpec(DType.FLOAT32, 1, 1, 1, hidden, hidden, kernelHeight, kernelWidth, false);
    }

    /**
     * A square kernel and no layer norm.
     *
     * @param hidden K
     * @param kernel kh and kw
     */
    public Config(int hidden, int kernel) {
      this(hidden, kernel, kernel, null);
    }
  }

  /**
   * A float32 unit.
   *
   * @param config what it is
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Ghu(Config config, Weights weights, DeviceArena arena) {
    this(config, DType.FLOAT32, weights, arena);
  }

  /**
   * A unit of another type.
   *
   * @param config what it is
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Ghu(Config config, DType type, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    state = branch("z_concat", weights, arena);
    input = branch("x_concat", weights, arena);
  }

  private NormedConv branch(String name, Weights weights, DeviceArena arena) {
    var shape =
        Shape.of(2L * config.hidden, config.hidden, config.kernelHeight, config.kernelWidth);
    var branch = new NormedConv(shape, config.layerNorm, BOUND, type, weights.at(name), arena);
    branch.parameters().forEach(p -> parameters.add(p.within(name)));
    return branch;
  }

  /** {@return what the unit is} */
  public Config config() {
    return config;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Runs one step.
   *
   * @param pass holds what is computed
   * @param x [N, H, W, K]
   * @param before [N, H, W, K] z of the step before, or null for zeros
   * @return z [N, H, W, K]
   */
  public Tensor step(Pass pass, Tensor x, Tensor before) {
    return forward(pass, x.reshape(x.shape().outer(1)), before).at(0);
  }

  /**
   * Runs a sequence.
   *
   * @param pass holds what is computed
   * @param x [T, N, H, W, K]
   * @param initial [N, H, W, K] z before, or null for zeros
   * @return z [T, N, H, W, K]
   */
  public Tensor forward(Pass pass, Tensor x, Tensor initial) {
    var frame = config.layerNorm;
    Shapes.check(
        "ghu: x",
        x,
        type,
        "T, N, H, W, K",
        Shapes.ANY,
        Shapes.ANY,
        frame == null ? Shapes.ANY : frame.height(),
        frame == null ? Shapes.ANY : frame.width(),
        config.hidden);
    var step = x.shape().inner();
    var before = initial == null ? pass.zeros(type, step) : initial;
    Shapes.check("ghu: z", before, type, "N, H, W, K", step.dims());
    var z = pass.watch(pass.empty(type, x.shape()));
    int count = x.shape().size(0);
    pass.together(
        () -> Segments.run(pass, count, List.of(x), List.of(before), List.of(z), this::steps));
    return z;
  }

  private List<Tensor> steps(
      Pass pass,
      int from,
      List<Tensor> read,
      List<Tensor> before,
      List<Tensor> kept,
      List<Tensor> after) {
    var sums = input.of(pass, read.getFirst());
    var last = before.getFirst();
    for (int t = 0; t < sums.shape().dim(0); t++) {
      var z = kept.getFirst().at(t);
      advance(pass, sums.at(t), last, z);
      last = z;
    }
    return List.of();
  }

  private void advance(Pass pass, Tensor a, Tensor before, Tensor z) {
    var b = state.of(pass, before);
    var backend = pass.device().backend();
    backend.kernel("ghu").run(pass.stream(), NONE, a, b, before, z);
    pass.record(
        () -> {
          var owed = pass.gradientOrNull(before);
          backend
              .kernel("ghu_backward")
              .run(pass.stream(), NONE, a, b, before, pass.gradient(z), owed);
        });
  }
}
