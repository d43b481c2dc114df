package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * x: [T, N, H, W, C] to y: [T, N, H, W, K]: a GRU whose products are convolutions, frames
 * channels-last, kernels odd, zero padding, so that frames keep their size.
 *
 * <p>{@code r = s(W_xr * x + b_xr + W_hr * h + b_hr)}, z likewise; reset before (Ballas 2016):
 * {@code n = tanh(W_xn * x + b_xn + W_hn * (r h) + b_hn)}; reset after (Shi 2017): {@code n =
 * tanh(W_xn * x + b_xn + r (W_hn * h + b_hn))}; {@code h' = (1 - z) n + z h}. Parameters: {@code
 * weight_x [3K, C, kh, kw]}, {@code bias_x [3K]}, {@code weight_h [3K, K, kh, kw]}, {@code bias_h
 * [3K]}, gate order r, z, n; no {@code weight_x} in a cell without input.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var config = new ConvGru.Config(1, 16, 5);
 *   var cell = new ConvGru(config, DType.FLOAT32, "", Weights.random(1), arena);
 *   var frames = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 1));
 *   var y = cell.forward(pass, frames, null).y(); // [10, 2, 32, 32, 16]
 * }
 * }</pre>
 */
public final class ConvGru implements Layer {
  private final Config config;
  private final DType type;
  private final List<Parameter> parameters = new ArrayList<>();
  private final StepSums gates;
  private final StepSums candidate;
  private final double[] scalars;
  private final Repeated repeated = new Repeated();

  /** Where r multiplies. Weights of one cannot be converted to the other. */
  public enum Reset {
    /** h, before the convolution. */
    BEFORE,
    /** W_hn * h + b_hn. */
    AFTER
  }

  /**
   * What the cell is.
   *
   * @param inputs C, 0 for a cell that gets no input
   * @param hidden K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param reset where r multiplies
   * @param blend what z weighs
   */
  public record Config(
      int inputs, int hidden, int kernelHeight, int kernelWidth, Reset reset, Blend blend) {
    /** Checks the sizes, as the plans would. */
    public Config {
      int read = inputs == 0 ? hidden : inputs;
      new ConvSpec(DType.FLOAT32, 1, 1, 1, read, hidden, kernelHeight, kernelWidth, true);
    }

    /**
     * A square kernel, the reset before.
     *
     * @param inputs C
     * @param hidden K
     * @param kernel kh and kw
     */
    public Config(int inputs, int hidden, int kernel) {
      this(inputs, hidden, kernel, kernel, Reset.BEFORE, Blend.KEEP);
    }
  }

  /**
   * What a sequence gives.
   *
   * @param y [T, N, H, W, K]
   * @param h [N, H, W, K] the state after the last step
   */
  public record Output(Tensor y, Tensor h) {}

  /**
   * A cell.
   *
   * @param config what it is
   * @param type of its tensors
   * @param suffix of its parameters' names, {@code _l0} say, or empty
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public ConvGru(Config config, DType type, String suffix, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    int k = config.hidden;
    int area = config.kernelHeight * config.kernelWidth;
    var init = Init.uniform(1 / Math.sqrt((double) (config.inputs + k) * area));
    var forH = Shape.of(3L * k, k, config.kernelHeight, config.kernelWidth);
    Parameter wx = null;
    if (config.inputs > 0) {
      var forX = Shape.of(3L * k, config.inputs, config.kernelHeight, config.kernelWidth);
      wx = Parameter.take(weights, "weight_x" + suffix, forX, init, type, arena);
      parameters.add(wx);
    }
    var bx = bias("bias_x" + suffix, weights, arena);
    var wh = Parameter.take(weights, "weight_h" + suffix, forH, init, type, arena);
    var bh = bias("bias_h" + suffix, weights, arena);
    parameters.addAll(List.of(bx, wh, bh));
    gates = rows(wx, bx, wh, bh, 0, 2 * k);
    candidate = rows(wx, bx, wh, bh, 2 * k, 3 * k);
    scalars =
        new double[] {config.reset == Reset.AFTER ? 1 : 0, config.blend == Blend.UPDATE ? 1 : 0};
  }

  private static StepSums rows(
      Parameter wx, Parameter bx, Parameter wh, Parameter bh, int from, int to) {
    return new StepSums(
        wx == null ? null : wx.rows(from, to),
        bx.rows(from, to),
        wh.rows(from, to),
        bh.rows(from, to));
  }

  private Parameter bias(String name, Weights weights, DeviceArena arena) {
    return Parameter.take(weights, name, Shape.of(3L * config.hidden), Init.zeros(), type, arena);
  }

  /** {@return what the cell is} */
  public Config config() {
    return config;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Runs a sequence.
   *
   * @param pass holds what is computed
   * @param x [T, N, H, W, C]
   * @param initial [N, H, W, K] the state before, or null for zeros
   * @return y [T, N, H, W, K] and the state after
   */
  public Output forward(Pass pass, Tensor x, Tensor initial) {
    if (config.inputs == 0) {
      throw new IllegalArgumentException(
          "convgru: expected no input, since the cell was made without, got " + x.shape());
    }
    Shapes.check(
        "convgru: x",
        x,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        config.inputs);
    var dims = x.shape().dims();
    var frame = Shape.of(dims[1], dims[2], dims[3], config.hidden);
    if (initial != null) {
      Shapes.check("convgru: h0", initial, type, "N, H, W, K", frame.dims());
    }
    return run(pass, x, frame.outer(dims[0]), initial);
  }

  /**
   * Keeps y where the rest is computed again.
   *
   * @param x null in a cell that gets no input
   * @param initial null where it is zero
   */
  private Output run(Pass pass, Tensor x, Shape shape, Tensor initial) {
    var y = pass.watch(pass.empty(type, shape));
    pass.together(() -> repeated.of(pass, Arrays.asList(x, initial), List.of(y), this::sequence));
    return new Output(y, y.at(shape.dim(0) - 1));
  }

  private List<Tensor> sequence(Pass pass, List<Tensor> read, List<Tensor> written) {
    var y = written.getFirst();
    var given = read.getLast();
    var zero = given == null ? pass.zeros(type, y.shape().inner()) : null;
    Segments.Steps work =
        (inner, _, seen, before, kept, _) -> {
          whole(inner, seen.getFirst(), before.getFirst(), zero, kept.getFirst());
          return List.of();
        };
    var initial = given == null ? zero : given;
    var x = Arrays.asList(read.getFirst());
    return Segments.run(pass, y.shape().size(0), x, List.of(initial), written, work);
  }

  private void whole(Pass pass, Tensor x, Tensor initial, Tensor zero, Tensor y) {
    var rz = gates.start(pass, x, y.shape());
    var n =
        config.reset == Reset.AFTER
            ? candidate.ofInput(pass, x, y.shape())
            : candidate.start(pass, x, y.shape());
    var h = initial;
    for (int t = 0; t < y.shape().dim(0); t++) {
      step(pass, x == null ? null : x.at(t), rz.at(t), n.at(t), h, h == zero, y.at(t));
      h = y.at(t);
    }
  }

  /**
   * Runs a cell that gets no input.
   *
   * @param pass holds what is computed
   * @param steps T
   * @param initial [N, H, W, K] the state before
   * @return y [T, N, H, W, K] and the state after
   */
  public Output forward(Pass pass, int steps, Tensor initial) {
    if (config.inputs > 0) {
      throw new IllegalArgumentException(
          "convgru: expected an input of " + config.inputs + " channels, got none");
    }
    if (initial == null) {
      throw new IllegalArgumentException(
          "convgru: h0: expected [N, H, W, "
              + config.hidden
              + "], which gives a cell without input its frame, got none");
    }
    Shapes.check(
        "convgru: h0",
        initial,
        type,
        "N, H, W, K",
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        config.hidden);
    return run(pass, null, initial.shape().outer(steps), initial);
  }

  private void step(
      Pass pass, Tensor x, Tensor rz, Tensor n, Tensor before, boolean zero, Tensor h) {
    gates.add(pass, x, before, zero, rz);
    Tensor q;
    if (config.reset == Reset.AFTER) {
      q = candidate.ofHidden(pass, before);
      run(pass, "gru_reset", rz, q, before);
    } else {
      q = pass.passing(pass.empty(type, before.shape()));
      pass.record(() -> pass.spent(q));
      run(pass, "gru_reset", rz, q, before);
      pass.record(
          () -> {
            var dh = pass.wants(before) ? pass.gradient(before) : unwanted(pass, before);
            run(pass, "gru_reset_backward", rz, q, before, pass.gradient(q), dh);
          });
      candidate.add(pass, x, q, zero, n);
    }
    run(pass, "gru_blend", rz, n, q, before, h);
    pass.record(
        () -> {
          run(pass, "gru_blend_backward", rz, n, q, before, pass.gradient(h));
          if (pass.wants(before)) {
            run(pass, "add", pass.gradient(h), pass.gradient(before));
          }
        });
  }

  /** Where a gradient goes that nobody reads; zero, since it is added to. */
  private static Tensor unwanted(Pass pass, Tensor like) {
    return pass.zeros(like.type(), like.shape());
  }

  private void run(Pass pass, String kernel, Tensor... tensors) {
    pass.device().backend().kernel(kernel).run(pass.stream(), scalars, tensors);
  }
}
