package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
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
public final class StLstm extends MemoryCell {
  private final NormedConv memory;
  private final NormedConv output;
  private final Convolve last;

  /** The sums of i, f, g, of i', f', g' and of o, each at once into x's; empty with layer norm. */
  private final List<JointConvolve> joint;

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
    super("stlstm", config, type, weights, arena);
    memory = branch("conv_m", 3 * config.hidden(), config.hidden(), weights, arena);
    output = branch("conv_o", config.hidden(), 2 * config.hidden(), weights, arena);
    last = last(weights, arena);
    int k = config.hidden();
    joint =
        config.layerNorm() != null
            ? List.of()
            : List.of(
                joint(0, 3, hidden.weight().rows(0, 3 * k)),
                joint(3, 6, memory.weight()),
                joint(6, 7, hidden.weight().rows(3 * k, 4 * k), output.weight()));
  }

  /**
   * Some of the seven parts, of other weights and of x, whose odd channels at the end cost least.
   */
  private JointConvolve joint(int from, int to, Parameter... others) {
    int k = config.hidden();
    var weights = new ArrayList<>(List.of(others));
    weights.add(input.weight().rows(from * k, to * k));
    return new JointConvolve(weights, List.of(), from * k, 7 * k);
  }

  /** Whether the engine sums a step's convolutions at once; the same for all steps as for one. */
  private boolean joint(Pass pass, Tensor x) {
    var frames = x.shape().rank() == 5 ? x.shape().inner() : x.shape();
    return !joint.isEmpty() && joint.stream().allMatch(j -> j.plan(pass, frames).isPresent());
  }

  @Override
  public State step(Pass pass, Tensor x, State before) {
    return step(pass, x, before, Deltas.NONE);
  }

  /** As the other, leaving what was added to the memories in the deltas, watched or null. */
  State step(Pass pass, Tensor x, State before, Deltas deltas) {
    Shapes.check(
        "stlstm: x", x, type, "N, H, W, C", Shapes.ANY, height(), width(), config.inputs());
    check(before, x.shape());
    var h = pass.watch(pass.empty(type, before.h().shape()));
    return advance(pass, x, start(pass, x), before, h, deltas);
  }

  @Override
  Tensor start(Pass pass, Tensor x) {
    if (!joint(pass, x)) {
      return super.start(pass, x);
    }
    var dims = x.shape().dims();
    dims[dims.length - 1] = 7L * config.hidden();
    return pass.watchInPlace(pass.empty(type, Shape.of(dims)));
  }

  @Override
  State advance(Pass pass, Tensor x, Tensor xs, State before, Tensor h) {
    return advance(pass, x, xs, before, h, Deltas.NONE);
  }

  private State advance(Pass pass, Tensor x, Tensor xs, State before, Tensor h, Deltas deltas) {
    var c = pass.passing(pass.empty(type, h.shape()));
    var m = pass.passing(pass.empty(type, h.shape()));
    var both = both(pass, h.shape());
    pass.record(() -> pass.spent(c, m, both));
    boolean atOnce = joint(pass, x);
    var hs = atOnce ? null : hidden.inTurns(pass, before.h());
    var ms = atOnce ? null : memory.inTurns(pass, before.m());
    if (atOnce) {
      joint.get(0).into(pass, List.of(before.h(), x), xs);
      joint.get(1).into(pass, List.of(before.m(), x), xs);
    }
    run(
        pass,
        "st_lstm_memory",
        FORGET_BIAS,
        xs,
        hs,
        ms,
        before.c(),
        before.m(),
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
                before.c(),
                before.m(),
                pass.arrived(c),
                pass.arrived(m),
                pass.gradient(both),
                arrived(pass, deltas.c),
                arrived(pass, deltas.m),
                pass.gradientOrNull(before.c()),
                pass.gradientOrNull(before.m())));
    var os = atOnce ? null : output.inTurns(pass, both);
    if (atOnce) {
      joint.get(2).into(pass, List.of(before.h(), both, x), xs);
    }
    var tanh = last.inPlace(pass, both);
    run(pass, "st_lstm_output", NONE, xs, hs, os, tanh, h);
    pass.record(
        () -> run(pass, "st_lstm_output_backward", NONE, xs, hs, os, tanh, pass.gradient(h)));
    return new State(h, c, m);
  }

  private static Tensor arrived(Pass pass, Tensor delta) {
    return delta == null ? null : pass.arrived(delta);
  }
}
