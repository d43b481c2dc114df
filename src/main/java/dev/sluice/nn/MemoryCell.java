package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * x: [N, H, W, C] to h: [N, H, W, K], one step, or [T, N, H, W, C] to [T, N, H, W, K]: a
 * convolutional cell with a memory m beside its cell c that layers hand on, as PredRNN and
 * PredRNN++ have it. Frames channels-last, kernels odd, zero padding.
 */
public abstract sealed class MemoryCell implements Layer permits StLstm, CausalLstm {
  static final double[] NONE = {};
  static final double[] FORGET_BIAS = {1};
  private static final List<Tensor> NO_STATE = Arrays.asList(null, null, null);

  final Config config;
  final DType type;
  final NormedConv input;
  final NormedConv hidden;
  private final String name;
  private final List<Parameter> parameters = new ArrayList<>();
  private final Repeated repeated = new Repeated();

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

  /** A cell whose own branches are still to be made, in the order of their parameters. */
  MemoryCell(String name, Config config, DType type, Weights weights, DeviceArena arena) {
    this.name = name;
    this.config = config;
    this.type = type;
    input = branch("conv_x", 7 * config.hidden, config.inputs, weights, arena);
    hidden = branch("conv_h", 4 * config.hidden, config.hidden, weights, arena);
  }

  final NormedConv branch(String name, int rows, int channels, Weights weights, DeviceArena arena) {
    var shape = Shape.of(rows, channels, config.kernelHeight, config.kernelWidth);
    var branch =
        new NormedConv(
            shape, config.layerNorm, NormedConv.bound(shape), type, weights.at(name), arena);
    branch.parameters().forEach(p -> parameters.add(p.within(name)));
    return branch;
  }

  /** The 1x1 convolution of [c m], the last parameter. */
  final Convolve last(Weights weights, DeviceArena arena) {
    var shape = Shape.of(config.hidden, 2L * config.hidden, 1, 1);
    var init = Init.uniform(NormedConv.bound(shape));
    var weight = Parameter.take(weights, "conv_last.weight", shape, init, type, arena);
    parameters.add(weight);
    return new Convolve(weight, null);
  }

  /** {@return what the cell is} */
  public final Config config() {
    return config;
  }

  @Override
  public final List<Parameter> parameters() {
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
  public final State zeros(Pass pass, int batch, int height, int width) {
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
  public abstract State step(Pass pass, Tensor x, State before);

  /**
   * Runs a sequence, m going from each step to the next.
   *
   * @param pass holds what is computed
   * @param x [T, N, H, W, C]
   * @param initial the states before, or null for zeros
   * @return y [T, N, H, W, K] and the states after
   */
  public final Output forward(Pass pass, Tensor x, State initial) {
    Shapes.check(
        name + ": x",
        x,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        height(),
        width(),
        config.inputs);
    var frames = x.shape().inner();
    if (initial != null) {
      check(initial, frames);
    }
    return pass.together(() -> run(pass, x, initial));
  }

  private Output run(Pass pass, Tensor x, State initial) {
    var dims = x.shape().dims();
    dims[4] = config.hidden;
    var y = pass.watch(pass.empty(type, Shape.of(dims)));
    var before = initial == null ? NO_STATE : List.of(initial.h, initial.c, initial.m);
    var read = new ArrayList<>(before);
    read.add(x);
    // A model's single steps are many, and little in each is worth recording.
    var last =
        dims[0] == 1
            ? sequence(pass, read, List.of(y))
            : repeated.of(pass, read, List.of(y), this::sequence);
    return new Output(y, new State(y.at(dims[0] - 1), last.get(0), last.get(1)));
  }

  /** {@return c and m after} */
  private List<Tensor> sequence(Pass pass, List<Tensor> read, List<Tensor> written) {
    var x = read.getLast();
    var frames = x.shape().inner();
    var state =
        read.getFirst() == null
            ? zeros(pass, frames.size(0), frames.size(1), frames.size(2))
            : new State(read.get(0), read.get(1), read.get(2));
    return Segments.run(
        pass,
        x.shape().size(0),
        List.of(x),
        List.of(state.h, state.c, state.m),
        written,
        this::steps);
  }

  private List<Tensor> steps(
      Pass pass,
      int from,
      List<Tensor> read,
      List<Tensor> before,
      List<Tensor> kept,
      List<Tensor> after) {
    var state = new State(before.get(0), before.get(1), before.get(2));
    var x = read.getFirst();
    var sums = start(pass, x);
    for (int t = 0; t < sums.shape().dim(0); t++) {
      state = advance(pass, x.at(t), sums.at(t), state, kept.getFirst().at(t));
    }
    return List.of(state.c, state.m);
  }

  /** The sums of x, of all steps. */
  Tensor start(Pass pass, Tensor x) {
    return input.of(pass, x);
  }

  /** One step from x and what {@link #start} left for it, its h written where it is told. */
  abstract State advance(Pass pass, Tensor x, Tensor xs, State before, Tensor h);

  final long height() {
    return config.layerNorm == null ? Shapes.ANY : config.layerNorm.height();
  }

  final long width() {
    return config.layerNorm == null ? Shapes.ANY : config.layerNorm.width();
  }

  final void check(State state, Shape frames) {
    var dims = frames.dims();
    dims[3] = config.hidden;
    Shapes.check(name + ": h", state.h, type, "N, H, W, K", dims);
    Shapes.check(name + ": c", state.c, type, "N, H, W, K", dims);
    Shapes.check(name + ": m", state.m, type, "N, H, W, K", dims);
  }

  /** A tensor for [c m], watched. */
  final Tensor both(Pass pass, Shape h) {
    var dims = h.dims();
    dims[3] *= 2;
    return pass.passing(pass.empty(type, Shape.of(dims)));
  }

  static void run(Pass pass, String kernel, double[] scalars, Tensor... tensors) {
    pass.device().backend().kernel(kernel).run(pass.stream(), scalars, tensors);
  }
}
