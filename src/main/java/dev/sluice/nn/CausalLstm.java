package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;

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
public final class CausalLstm extends MemoryCell {
  private final NormedConv oldCell;
  private final NormedConv memory;
  private final NormedConv newCell;
  private final NormedConv output;
  private final Convolve last;

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
    super("causal lstm", config, type, weights, arena);
    int k = config.hidden();
    oldCell = branch("conv_c", 3 * k, k, weights, arena);
    memory = branch("conv_m", 3 * k, k, weights, arena);
    newCell = branch("conv_c2m", 4 * k, k, weights, arena);
    output = branch("conv_om", k, k, weights, arena);
    last = last(weights, arena);
  }

  @Override
  public State step(Pass pass, Tensor x, State before) {
    return forward(pass, x.reshape(x.shape().outer(1)), before).last();
  }

  @Override
  State advance(Pass pass, Tensor x, Tensor xs, State before, Tensor h) {
    var c = pass.passing(pass.empty(type, h.shape()));
    var m = pass.passing(pass.empty(type, h.shape()));
    var both = both(pass, h.shape());
    pass.record(() -> pass.spent(c, m, both));
    var hs = hidden.inTurns(pass, before.h());
    cell(pass, xs, hs, before.c(), c);
    var ns = newCell.inTurns(pass, c);
    memory(pass, xs, ns, before.m(), c, m, both);
    var os = output.inTurns(pass, m);
    var tanh = last.inPlace(pass, both);
    run(pass, "causal_lstm_output", NONE, xs, hs, ns, os, tanh, h);
    pass.record(
        () ->
            run(pass, "causal_lstm_output_backward", NONE, xs, hs, ns, os, tanh, pass.gradient(h)));
    return new State(h, c, m);
  }

  private void cell(Pass pass, Tensor xs, Tensor hs, Tensor before, Tensor c) {
    var cs = oldCell.inTurns(pass, before);
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
  }

  private void memory(
      Pass pass, Tensor xs, Tensor ns, Tensor before, Tensor c, Tensor m, Tensor both) {
    var ms = memory.of(pass, before);
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
  }
}
