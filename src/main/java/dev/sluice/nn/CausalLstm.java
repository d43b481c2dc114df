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
 * x: [N, H, W, C] to h: [N, H, W, K], one step, or [T, N, H, W, C] to [T, N, H, W, K]: the Causal
 * LSTM of PredRNN++, in which the memory m looks at the new cell (Wang 2018, equation 3, as OpenSTL
 * has it, without biases). Frames channels-last, kernels odd, zero padding.
 *
 * <p>With {@code X = W_x * x} in the parts i, f, g, i', f', g', o; {@code H = W_h * h_{t-1}}: i, f,
 * g, o; {@code C = W_c * c_{t-1}}: i, f, g; {@code M = W_m * m}: i, f, m:
 *
 * <ul>
 *   <li>{@code i = s(i_x + i_h + i_c), f = s(f_x + f_h + f_c + 1), g = tanh(g_x + g_h + g_c), c_t =
 *       f c_{t-1} + i g};
 *   <li>with {@code N = W_c2m * c_t}: i, g, f, o (sic): {@code i' = s(i'_x + i_m + i_n), f' =
 *       s(f'_x + f_m + f_n + 1), g' = tanh(g'_x + g_n), m_t = f' tanh(m_m) + i' g'};
 *   <li>{@code o = tanh(o_x + o_h + o_n + W_om * m_t), h_t = o tanh(W_last * [c_t m_t])}.
 * </ul>
 *
 * <p>Parameters as in OpenSTL: {@code conv_x.0.weight [7K, C, kh, kw]}, {@code conv_h.0.weight [4K,
 * K, kh, kw]}, {@code conv_c.0.weight} and {@code conv_m.0.weight [3K, K, kh, kw]}, {@code
 * conv_c2m.0.weight [4K, K, kh, kw]}, {@code conv_om.0.weight [K, K, kh, kw]}, {@code
 * conv_last.weight [K, 2K, 1, 1]}; with layer norm {@code conv_x.1.weight}, {@code conv_x.1.bias
 * [7K, H, W]} and so on. OpenSTL's checkpoints also hold {@code conv_o}, which nothing uses. The
 * original TensorFlow code splits in another order: X in i, g, f, o, i', g', f', H in i, g, f, o
 * and C in i, g, f; its weights fit only after their rows are put in order.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var cell = new CausalLstm(new CausalLstm.Config(1, 16, 5), Weights.random(1), arena);
 *   var frames = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 1));
 *   var y = cell.forward(pass, frames, null).y(); // [10, 2, 32, 32, 16]
 * }
 * }</pre>
 */
public final class CausalLstm implements Layer {
  private static final double[] NONE = {};
  private static final double[] FORGET_BIAS = {1};

  private final Config config;
  private final DType type;
  private final List<Parameter> parameters = new ArrayList<>();
  private final NormedConv input;
  private final NormedConv hidden;
  private final NormedConv oldCell;
  private final NormedConv memory;
  private final NormedConv newCell;
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
  public CausalLstm(Config config, Weights weights, DeviceArena arena) {
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
  public CausalLstm(Config config, DType type, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    int k = config.hidden;
    input = branch("conv_x", 7 * k, config.inputs, weights, arena);
    hidden = branch("conv_h", 4 * k, k, weights, arena);
    oldCell = branch("conv_c", 3 * k, k, weights, arena);
    memory = branch("conv_m", 3 * k, k, weights, arena);
    newCell = branch("conv_c2m", 4 * k, k, weights, arena);
    output = branch("conv_om", k, k, weights, arena);
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
    return forward(pass, x.reshape(x.shape().outer(1)), before).last();
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
    var norm = config.layerNorm;
    Shapes.check(
        "causal lstm: x",
        x,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        norm == null ? Shapes.ANY : norm.height(),
        norm == null ? Shapes.ANY : norm.width(),
        config.inputs);
    var dims = x.shape().inner().dims();
    dims[3] = config.hidden;
    var state = initial;
    if (state == null) {
      state = zeros(pass, x.shape().size(1), x.shape().size(2), x.shape().size(3));
    }
    Shapes.check("causal lstm: h", state.h, type, "N, H, W, K", dims);
    Shapes.check("causal lstm: c", state.c, type, "N, H, W, K", dims);
    Shapes.check("causal lstm: m", state.m, type, "N, H, W, K", dims);
    var sums = input.of(pass, x);
    var y = pass.watch(pass.empty(type, Shape.of(dims).outer(x.shape().dim(0))));
    for (int t = 0; t < x.shape().dim(0); t++) {
      state = advance(pass, sums.at(t), state, y.at(t));
    }
    return new Output(y, state);
  }

  private State advance(Pass pass, Tensor xs, State before, Tensor h) {
    var hs = hidden.of(pass, before.h);
    var c = cell(pass, xs, hs, before.c);
    var ns = newCell.of(pass, c);
    var m = pass.watch(pass.empty(type, h.shape()));
    var both = memory(pass, xs, ns, before.m, c, m);
    var os = output.of(pass, m);
    var tanh = last.inPlace(pass, both);
    run(pass, "causal_lstm_output", NONE, xs, hs, ns, os, tanh, h);
    pass.record(
        () ->
            run(pass, "causal_lstm_output_backward", NONE, xs, hs, ns, os, tanh, pass.gradient(h)));
    return new State(h, c, m);
  }

  private Tensor cell(Pass pass, Tensor xs, Tensor hs, Tensor before) {
    var cs = oldCell.of(pass, before);
    var c = pass.watch(pass.empty(type, before.shape()));
    run(pass, "causal_lstm_cell", FORGET_BIAS, xs, hs, cs, before, c);
    pass.record(
        () ->
            run(
                pass,
                "causal_lstm_cell_backward",
                NONE,
                xs,
                hs,
                cs,
                before,
                pass.gradient(c),
                pass.gradientOrNull(before)));
    return c;
  }

  private Tensor memory(Pass pass, Tensor xs, Tensor ns, Tensor before, Tensor c, Tensor m) {
    var ms = memory.of(pass, before);
    var dims = c.shape().dims();
    dims[3] *= 2;
    var both = pass.watch(pass.empty(type, Shape.of(dims)));
    run(pass, "causal_lstm_memory", FORGET_BIAS, xs, ms, ns, c, m, both);
    pass.record(
        () ->
            run(
                pass,
                "causal_lstm_memory_backward",
                NONE,
                xs,
                ms,
                ns,
                pass.gradient(c),
                pass.gradient(m),
                pass.gradient(both)));
    return both;
  }

  private static void run(Pass pass, String kernel, double[] scalars, Tensor... tensors) {
    pass.device().backend().kernel(kernel).run(pass.stream(), scalars, tensors);
  }
}
