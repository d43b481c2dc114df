package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.Sequence;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * x: [T, N, H, W, C] to y: [T, N, H, W, K]: an LSTM whose products are convolutions (Shi 2015,
 * equation 3), frames channels-last, kernels odd, zero padding, so that frames keep their size.
 *
 * <p>{@code [i f g o] = W_x * x_t + W_h * h_{t-1} + b}, {@code c_t = s(f) c_{t-1} + s(i) tanh(g)},
 * {@code h_t = s(o) tanh(c_t)}; with peepholes i and f also see {@code P c_{t-1}} and o sees {@code
 * P c_t}, P a full map [K, H, W] that fixes the frame's size. Parameters: {@code weight_x [4K, C,
 * kh, kw]}, {@code weight_h [4K, K, kh, kw]}, {@code bias [4K]}, {@code peep_i, peep_f, peep_o}.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var cell = new ConvLstm(new ConvLstm.Config(1, 16, 5), Weights.random(1), arena);
 *   var frames = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 32, 32, 1));
 *   var y = cell.forward(pass, frames, null).y(); // [10, 2, 32, 32, 16]
 * }
 * }</pre>
 */
public final class ConvLstm implements Layer {
  private final Config config;
  private final DType type;
  private final Repeated repeated = new Repeated();
  private final List<Parameter> parameters = new ArrayList<>();
  private final Packed packed;

  /**
   * What the cell is.
   *
   * @param inputs C, 0 for a cell that gets no input
   * @param hidden K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param peephole the frame's height and width, or null without peepholes
   */
  public record Config(int inputs, int hidden, int kernelHeight, int kernelWidth, Frame peephole) {
    /**
     * A square kernel and no peepholes.
     *
     * @param inputs C
     * @param hidden K
     * @param kernel kh and kw
     */
    public Config(int inputs, int hidden, int kernel) {
      this(inputs, hidden, kernel, kernel, null);
    }

    /**
     * The size of a frame.
     *
     * @param height H
     * @param width W
     */
    public record Frame(int height, int width) {}

    /** Checks the sizes, as the cell's plans would. */
    public Config {
      new CellSpec(
          CellSpec.Kind.CONV_LSTM,
          DType.FLOAT32,
          1,
          1,
          1,
          1,
          inputs,
          hidden,
          kernelHeight,
          kernelWidth,
          false,
          false);
    }
  }

  /**
   * The states of the cell, [N, H, W, K] each.
   *
   * @param h the output; after a sequence the last of y, whose gradient it shares
   * @param c the cell
   */
  public record State(Tensor h, Tensor c) {}

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
  public ConvLstm(Config config, Weights weights, DeviceArena arena) {
    this(config, DType.FLOAT32, "", weights, arena);
  }

  /**
   * A cell of another type, or with a suffix to its parameters' names.
   *
   * @param config what it is
   * @param type of its tensors
   * @param suffix {@code _l0}, say
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public ConvLstm(Config config, DType type, String suffix, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    int rows = 4 * config.hidden;
    int area = config.kernelHeight * config.kernelWidth;
    var init = Init.uniform(1 / Math.sqrt((double) (config.inputs + config.hidden) * area));
    if (config.inputs > 0) {
      take("weight_x" + suffix, kernel(rows, config.inputs), init, weights, arena);
    }
    take("weight_h" + suffix, kernel(rows, config.hidden), init, weights, arena);
    var gate = Init.zeros();
    var biases = Init.gates(config.hidden, gate, Init.constant(1), gate, gate);
    take("bias" + suffix, Shape.of(rows), biases, weights, arena);
    if (config.peephole != null) {
      var map = Shape.of(config.hidden, config.peephole.height, config.peephole.width);
      for (var name : List.of("peep_i", "peep_f", "peep_o")) {
        take(name + suffix, map, Init.zeros(), weights, arena);
      }
    }
    this.packed = new Packed(parameters, arena);
  }

  private Shape kernel(int rows, int channels) {
    return Shape.of(rows, channels, config.kernelHeight, config.kernelWidth);
  }

  private void take(String name, Shape shape, Init init, Weights weights, DeviceArena arena) {
    parameters.add(Parameter.take(weights, name, shape, init, type, arena));
  }

  /** {@return what the cell is} */
  public Config config() {
    return config;
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /**
   * Runs a sequence.
   *
   * @param pass holds what is computed
   * @param x [T, N, H, W, C]
   * @param initial the states before, or null for zeros
   * @return y [T, N, H, W, K] and the states after
   */
  public Output forward(Pass pass, Tensor x, State initial) {
    if (config.inputs == 0) {
      throw new IllegalArgumentException(
          "convlstm: expected no input, since the cell was made without, got " + x.shape());
    }
    Shapes.check(
        "convlstm: x",
        x,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        config.inputs);
    var dims = x.shape().dims();
    return run(pass, x, dims[0], dims[1], dims[2], dims[3], initial);
  }

  /**
   * Runs a cell that gets no input.
   *
   * @param pass holds what is computed
   * @param steps T
   * @param initial the states before
   * @return y [T, N, H, W, K] and the states after
   */
  public Output forward(Pass pass, int steps, State initial) {
    if (config.inputs > 0) {
      throw new IllegalArgumentException(
          "convlstm: expected an input of " + config.inputs + " channels, got none");
    }
    if (initial == null || initial.h.shape().rank() != 4) {
      throw new IllegalArgumentException(
          "convlstm: h0: expected [N, H, W, "
              + config.hidden
              + "], which gives a cell without input its frame, got "
              + (initial == null ? "none" : initial.h.shape()));
    }
    var dims = initial.h.shape().dims();
    return run(pass, null, steps, dims[0], dims[1], dims[2], initial);
  }

  private Output run(
      Pass pass, Tensor x, long steps, long batch, long height, long width, State initial) {
    if (pass.segment(Math.toIntExact(steps)) < steps) {
      return inSegments(
          pass, x, (int) steps, Shape.of(batch, height, width, config.hidden), initial);
    }
    var frame = Shape.of(batch, height, width, config.hidden);
    var y = pass.watch(pass.empty(type, frame.outer(steps)));
    var c = pass.watch(pass.empty(type, frame));
    var read =
        Arrays.asList(x, initial == null ? null : initial.h, initial == null ? null : initial.c);
    repeated.of(
        pass,
        read,
        List.of(y, c),
        (inner, seen, written) -> {
          var state = initial == null ? null : new State(seen.get(1), seen.get(2));
          whole(inner, seen.getFirst(), state, written.get(0), written.get(1));
          return List.of();
        });
    return new Output(y, new State(y.at(steps - 1), c));
  }

  /** Keeps y and c between segments. */
  private Output inSegments(Pass pass, Tensor x, int steps, Shape frame, State initial) {
    var y = pass.watch(pass.empty(type, frame.outer(steps)));
    var from = initial == null ? Arrays.<Tensor>asList(null, null) : List.of(initial.h, initial.c);
    var last =
        Segments.run(
            pass,
            steps,
            Arrays.asList(x),
            from,
            List.of(y),
            (inner, _, read, before, kept, after) -> {
              var state = before.get(1) == null ? null : new State(before.get(0), before.get(1));
              var c = after == null ? inner.empty(type, frame) : after.getFirst();
              whole(inner, read.getFirst(), state, kept.getFirst(), c);
              return List.of(c);
            });
    return new Output(y, new State(y.at(steps - 1L), last.getFirst()));
  }

  private void whole(Pass pass, Tensor x, State initial, Tensor y, Tensor c) {
    var shape = y.shape().inner();
    checkFrame(shape.dim(1), shape.dim(2));
    var from = Arrays.asList(null, (Tensor) null);
    if (initial != null) {
      var names = "N, H, W, K";
      from.set(0, Shapes.check("convlstm: h0", initial.h, type, names, shape.dims()));
      from.set(1, Shapes.check("convlstm: c0", initial.c, type, names, shape.dims()));
    }
    var spec =
        new CellSpec(
            CellSpec.Kind.CONV_LSTM,
            type,
            y.shape().size(0),
            shape.size(0),
            shape.size(1),
            shape.size(2),
            config.inputs,
            config.hidden,
            config.kernelHeight,
            config.kernelWidth,
            config.peephole != null,
            pass.training());
    var backend = pass.device().backend();
    var plan = backend.cell(spec).orElseGet(() -> new ComposedConvLstm(backend, spec));
    var values = new Sequence(x, null, from, y, Arrays.asList(null, c));
    var weights = packed.of(plan, pass);
    var reserve = Recorded.reserve(pass, plan, type);
    plan.forward(pass.stream(), weights, values, reserve);
    Recorded.backward(pass, plan, weights, values, parameters, reserve);
  }

  private void checkFrame(long height, long width) {
    var frame = config.peephole;
    if (frame != null && (frame.height != height || frame.width != width)) {
      throw new IllegalArgumentException(
          "convlstm: expected frames of "
              + frame.height
              + "x"
              + frame.width
              + ", since peephole maps fix their size, got "
              + height
              + "x"
              + width);
    }
  }
}
