package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * x: [N, H, W, C] to h: [N, H, W, K], one step, or [T, N, H, W, C] to [T, N, H, W, K]: the
 * spatio-temporal LSTM of PredRNN, with a cell c of its own and a memory m that layers hand on
 * (Wang 2017, section 3.1; the official code, which has no biases). Frames channels-last, kernels
 * odd, zero padding.
 *
 * <p>With {@code X = W_x * x} in seven parts, {@code H = W_h * h_{t-1}} in four, {@code M = W_m *
 * m} in three: {@code i = s(i_x + i_h), f = s(f_x + f_h + 1), g = tanh(g_x + g_h), c_t = f c_{t-1}
 * + i g}; likewise {@code i', f', g'} from X and M, {@code m_t = f' m + i' g'}; {@code o = s(o_x +
 * o_h + W_o * [c_t m_t]), h_t = o tanh(W_last * [c_t m_t])}, the last one a 1x1. The 1 of the
 * forget gates is a constant, no bias. With layer norm, each of X, H, M and {@code W_o * [c_t m_t]}
 * is normalised over all of its channels and the frame together.
 *
 * <p>Parameters: {@code conv_x.0.weight [7K, C, kh, kw]} in the order i, f, g, i', f', g', o;
 * {@code conv_h.0.weight [4K, K, kh, kw]}: i, f, g, o; {@code conv_m.0.weight [3K, K, kh, kw]}: i',
 * f', g'; {@code conv_o.0.weight [K, 2K, kh, kw]}; {@code conv_last.weight [K, 2K, 1, 1]}; with
 * layer norm {@code conv_x.1.weight}, {@code conv_x.1.bias [7K, H, W]} and so on.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var cell = new StLstm(new StLstm.Config(1, 16, 5), Weights.random(1), arena);
 *   var frames = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 1));
 *   var y = cell.forward(pass, frames, null).y(); // [10, 2, 32, 32, 16]
 * }
 * }</pre>
 */
public final class StLstm implements Layer {
  private final Config config;
  private final DType type;
  private final List<Parameter> parameters = new ArrayList<>();
  private final NormedConv input;
  private final NormedConv hidden;
  private final NormedConv memory;
  private final NormedConv output;
  private final Convolve last;

  /**
   * What the cell is.
   *
   * @param inputs C
   * @param hidden K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param layerNorm the size of the frames, or null without layer norm
   */
  public record Config(
      int inputs, int hidden, int kernelHeight, int kernelWidth, ConvLstm.Config.Frame layerNorm) {
    /** Checks the sizes, as the plans would. */
    public Config {
      new ConvSpec(DType.FLOAT32, 1, 1, 1, inputs, hidden, kernelHeight, kernelWidth, false);
    }

    /**
     * A square kernel and no layer norm.
     *
     * @param inputs C
     * @param hidden K
     * @param kernel kh and kw
     */
    public Config(int inputs, int hidden, int kernel) {
      this(inputs, hidden, kernel, kernel, null);
    }
  }

  /**
   * The states of the cell, [N, H, W, K] each.
   *
   * @param h the output
   * @param c the cell
   * @param m the memory that is handed on
   */
  public record State(Tensor h, Tensor c, Tensor m) {}

  /**
   * What a step gave its memories, [N, H, W, K] each; for the decoupling loss.
   *
   * @param c {@code i g}
   * @param m {@code i' g'}
   */
  record Deltas(Tensor c, Tensor m) {
    static final Deltas NONE = new Deltas(null, null);
  }

  /**
   * What a sequence gives.
   *
   * @param y [T, N, H, W, K]
   * @param last the states after the last step
   */
  public record Output(Tensor y, State last) {}

  /**
   * A float32 cell.
   *
   * @param config what it is
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public StLstm(Config config, Weights weights, DeviceArena arena) {
    this(config, DType.FLOAT32, weights, arena);
  }

  /**
   * A cell of another type.
   *
   * @param config what it is
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public StLstm(Config config, DType type, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    int k = config.hidden;
    input = branch("conv_x", 7 * k, config.inputs, weights, arena);
    hidden = branch("conv_h", 4 * k, k, weights, arena);
    memory = branch("conv_m", 3 * k, k, weights, arena);
    output = branch("conv_o", k, 2 * k, weights, arena);
    var shape = Shape.of(k, 2L * k, 1, 1);
    var init = Init.uniform(NormedConv.bound(shape));
    var weight = Parameter.take(weights, "conv_last.weight", shape, init, type, arena);
    parameters.add(weight);
    last = new Convolve(weight, null);
  }

  private NormedConv branch(
      String name, int rows, int channels, Weights weights, DeviceArena arena) {
    var shape = Shape.of(rows, channels, config.kernelHeight, config.kernelWidth);
    var branch =
        new NormedConv(
            shape, config.layerNorm, NormedConv.bound(shape), type, weights.at(name), arena);
    branch.parameters().forEach(p -> parameters.add(p.within(name)));
    return branch;
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
   * {@return the states of zeros}
   *
   * @param pass holds them
   * @param batch N
   * @param height H
   * @param width W
   */
  public State zeros(Pass pass, int batch, int height, int width) {
    var shape = Shape.of(batch, height, width, config.hidden);
    return new State(pass.zeros(type, shape), pass.zeros(type, shape), pass.zeros(type, shape));
  }

  /**
   * Runs one step.
   *
   * @param pass holds what is computed
   * @param x [N, H, W, C]
   * @param before the cell's own h and c, and m from wherever it comes
   * @return the states after
   */
  public State step(Pass pass, Tensor x, State before) {
    return step(pass, x, before, Deltas.NONE);
  }

  /** As the other, leaving what was added to the memories in the deltas, watched or null. */
  State step(Pass pass, Tensor x, State before, Deltas deltas) {
    Shapes.check("stlstm: x", x, type, "N, H, W, C", Shapes.ANY, height(), width(), config.inputs);
    check(before, x.shape());
    var h = pass.watch(pass.empty(type, before.h.shape()));
    return advance(pass, input.of(pass, x), before, h, deltas);
  }

  /**
   * Runs a sequence, m going from each step to the next.
   *
   * @param pass holds what is computed
   * @param x [T, N, H, W, C]
   * @param initial the states before, or null for zeros
   * @return y [T, N, H, W, K] and the states after
   */
  public Output forward(Pass pass, Tensor x, State initial) {
    Shapes.check(
        "stlstm: x",
        x,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        height(),
        width(),
        config.inputs);
    var frames = x.shape().inner();
    var state = initial;
    if (state == null) {
      state = zeros(pass, frames.size(0), frames.size(1), frames.size(2));
    }
    check(state, frames);
    var sums = input.of(pass, x);
    var y = pass.watch(pass.empty(type, state.h.shape().outer(x.shape().dim(0))));
    for (int t = 0; t < x.shape().dim(0); t++) {
      state = advance(pass, sums.at(t), state, y.at(t), Deltas.NONE);
    }
    return new Output(y, state);
  }

  private long height() {
    return config.layerNorm == null ? Shapes.ANY : config.layerNorm.height();
  }

  private long width() {
    return config.layerNorm == null ? Shapes.ANY : config.layerNorm.width();
  }

  private void check(State state, Shape frames) {
    var dims = frames.dims();
    dims[3] = config.hidden;
    Shapes.check("stlstm: h", state.h, type, "N, H, W, K", dims);
    Shapes.check("stlstm: c", state.c, type, "N, H, W, K", dims);
    Shapes.check("stlstm: m", state.m, type, "N, H, W, K", dims);
  }

  private State advance(Pass pass, Tensor xs, State before, Tensor h, Deltas deltas) {
    var hs = hidden.of(pass, before.h);
    var ms = memory.of(pass, before.m);
    var c = pass.watch(pass.empty(type, h.shape()));
    var m = pass.watch(pass.empty(type, h.shape()));
    var dims = h.shape().dims();
    dims[3] *= 2;
    var both = pass.watch(pass.empty(type, Shape.of(dims)));
    var forgetBias = new double[] {1};
    run(
        pass,
        "st_lstm_memory",
        forgetBias,
        xs,
        hs,
        ms,
        before.c,
        before.m,
        c,
        m,
        both,
        deltas.c,
        deltas.m);
    pass.record(
        () ->
            run(
                pass,
                "st_lstm_memory_backward",
                NONE,
                xs,
                hs,
                ms,
                before.c,
                before.m,
                pass.arrived(c),
                pass.arrived(m),
                pass.gradient(both),
                arrived(pass, deltas.c),
                arrived(pass, deltas.m),
                pass.gradientOrNull(before.c),
                pass.gradientOrNull(before.m)));
    var os = output.of(pass, both);
    var tanh = last.inPlace(pass, both);
    run(pass, "st_lstm_output", NONE, xs, hs, os, tanh, h);
    pass.record(
        () -> run(pass, "st_lstm_output_backward", NONE, xs, hs, os, tanh, pass.gradient(h)));
    return new State(h, c, m);
  }

  private static final double[] NONE = {};

  private static Tensor arrived(Pass pass, Tensor delta) {
    return delta == null ? null : pass.arrived(delta);
  }

  private static void run(Pass pass, String kernel, double[] scalars, Tensor... tensors) {
    pass.device().backend().kernel(kernel).run(pass.stream(), scalars, tensors);
  }
}
