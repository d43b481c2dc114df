package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * x: [T, N, C] to y: [T, N, D H]: a recurrent network over whole sequences, in PyTorch's canonical
 * form: {@code weight_ih_l0 [G H, C]}, {@code weight_hh_l0 [G H, H]}, {@code bias_ih_l0}, {@code
 * bias_hh_l0 [G H]}, {@code _reverse} for the second direction; LSTM gates i, f, g, o.
 *
 * <p>LSTM: {@code [i f g o] = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh}, {@code c_t = s(f) c_{t-1} +
 * s(i) tanh(g)}, {@code h_t = s(o) tanh(c_t)} (Hochreiter and Schmidhuber 1997, Gers 2000).
 *
 * <p>Thread-safe: a network is weights, a pass holds everything else.
 */
public final class Rnn implements Layer {
  private final RnnSpec spec;
  private final List<Parameter> parameters;
  private final Packed packed;

  /**
   * What a sequence gives.
   *
   * @param y [T, N, D H] the output of every step, zero past a sequence's end
   * @param h [L D, N, H] the state after each sequence's own end
   * @param c [L D, N, H] the cell there; null for networks without one
   */
  public record Output(Tensor y, Tensor h, Tensor c) {}

  /**
   * Where a sequence starts.
   *
   * @param h [L D, N, H]
   * @param c [L D, N, H]; null for networks without a cell
   */
  public record State(Tensor h, Tensor c) {}

  private Rnn(RnnSpec spec, Weights weights, DeviceArena arena) {
    this.spec = spec;
    this.parameters = new ArrayList<>();
    var init = Init.uniform(1 / Math.sqrt(spec.hidden()));
    spec.weights()
        .forEach(
            (name, shape) ->
                parameters.add(Parameter.take(weights, name, shape, init, spec.type(), arena)));
    this.packed = new Packed(parameters, arena);
  }

  /**
   * {@return a builder of an LSTM}
   *
   * @param input C
   * @param hidden H
   */
  public static Builder lstm(int input, int hidden) {
    return new Builder(RnnSpec.Kind.LSTM, input, hidden);
  }

  /** The options of a network, each with the default of PyTorch. */
  public static final class Builder {
    private final RnnSpec.Kind kind;
    private final int input;
    private final int hidden;
    private DType type = DType.FLOAT32;
    private int layers = 1;
    private boolean bidirectional;
    private boolean bias = true;
    private int projection;
    private boolean peephole;
    private RnnSpec.CellClip clip = RnnSpec.CellClip.NONE;
    private double forgetBias;

    private Builder(RnnSpec.Kind kind, int input, int hidden) {
      this.kind = kind;
      this.input = input;
      this.hidden = hidden;
    }

    /**
     * {@return this, with another element type}
     *
     * @param value float64 for gradient checks on the CPU engine
     */
    public Builder type(DType value) {
      type = value;
      return this;
    }

    /**
     * {@return this, with several layers, each reading the whole output of the one before}
     *
     * @param count L
     */
    public Builder layers(int count) {
      layers = count;
      return this;
    }

    /** {@return this, with a second direction that runs from each sequence's end} */
    public Builder bidirectional() {
      return bidirectional(true);
    }

    /**
     * {@return this, with or without a second direction}
     *
     * @param value whether there is one
     */
    public Builder bidirectional(boolean value) {
      bidirectional = value;
      return this;
    }

    /**
     * {@return this, with or without biases}
     *
     * @param value whether there are the two
     */
    public Builder bias(boolean value) {
      bias = value;
      return this;
    }

    /**
     * {@return this, with h projected: h = W_hr (o tanh(c)), W_hr [P, H]}
     *
     * @param width P, at most H; 0 for none
     */
    public Builder projection(int width) {
      projection = width;
      return this;
    }

    /**
     * {@return this, with or without diagonal peepholes, weight_p [3 H] = i, f, o}
     *
     * @param value whether there are any
     */
    public Builder peephole(boolean value) {
      peephole = value;
      return this;
    }

    /**
     * {@return this, with a bounded cell}
     *
     * @param bound its largest magnitude
     * @param mode which of the two functions of that name
     */
    public Builder cellClip(double bound, RnnSpec.CellClip.Mode mode) {
      clip = new RnnSpec.CellClip(bound, mode);
      return this;
    }

    /**
     * {@return this, with a constant inside the forget gate's sigmoid; not a parameter}
     *
     * @param value of the constant
     */
    public Builder forgetBias(double value) {
      forgetBias = value;
      return this;
    }

    /**
     * {@return the network}
     *
     * @param weights where its numbers come from
     * @param arena where they live
     */
    public Rnn build(Weights weights, DeviceArena arena) {
      var spec =
          new RnnSpec(
              kind,
              type,
              input,
              hidden,
              layers,
              bidirectional,
              bias,
              projection,
              peephole,
              clip,
              forgetBias);
      return new Rnn(spec, weights, arena);
    }
  }

  /** {@return what the network is} */
  public RnnSpec spec() {
    return spec;
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /**
   * Runs sequences of equal length from zero states.
   *
   * @param pass holds what is computed
   * @param x [T, N, C]
   * @return y [T, N, D H] and the last states
   */
  public Output forward(Pass pass, Tensor x) {
    return forward(pass, x, null, null);
  }

  /**
   * Runs sequences.
   *
   * @param pass holds what is computed
   * @param x [T, N, C]
   * @param lengths of the N sequences, 0 to T, in any order; null if all are T
   * @param initial states, or null for zeros
   * @return y [T, N, D H], zero past each sequence's end, and the states at each one's own end
   * @throws IllegalArgumentException if a shape, a type or a length does not fit
   */
  public Output forward(Pass pass, Tensor x, int[] lengths, State initial) {
    Shapes.check("rnn: x", x, spec.type(), "T, N, C", Shapes.ANY, Shapes.ANY, spec.input());
    int steps = x.shape().size(0);
    int batch = x.shape().size(1);
    var ends = lengths == null ? null : lengths(pass, lengths, steps, batch);
    var from = initial(initial, batch);
    var run = new RnnSpec.Run(steps, batch, lengths != null, pass.training());
    var plan = pass.device().backend().rnn(spec, run);
    var y =
        pass.empty(spec.type(), Shape.of(steps, batch, (long) spec.directions() * spec.output()));
    var last = new ArrayList<Tensor>();
    for (int state = 0; state < spec.kind().states(); state++) {
      last.add(pass.empty(spec.type(), stateShape(state, batch)));
    }
    var values = new Sequence(x, ends, from, y, last);
    run(pass, plan, values);
    return new Output(y, last.get(0), last.size() > 1 ? last.get(1) : null);
  }

  private void run(Pass pass, RnnPlan plan, Sequence values) {
    var weights = packed.of(plan, pass.stream());
    var reserve = Recorded.reserve(pass, plan, spec.type());
    plan.forward(pass.stream(), weights, values, reserve);
    Recorded.backward(pass, plan, weights, values, parameters, reserve);
  }

  private Shape stateShape(int state, int batch) {
    return Shape.of(
        (long) spec.layers() * spec.directions(),
        batch,
        state == 0 ? spec.output() : spec.hidden());
  }

  private static Tensor lengths(Pass pass, int[] lengths, int steps, int batch) {
    if (lengths.length != batch
        || Arrays.stream(lengths).anyMatch(length -> length < 0 || length > steps)) {
      throw new IllegalArgumentException(
          "rnn: lengths: expected "
              + batch
              + " of 0 to T = "
              + steps
              + ", got "
              + Arrays.toString(lengths));
    }
    return pass.ints(lengths);
  }

  private List<Tensor> initial(State initial, int batch) {
    var states = new ArrayList<Tensor>();
    for (int state = 0; state < spec.kind().states(); state++) {
      var tensor = initial == null ? null : state == 0 ? initial.h : initial.c;
      if (tensor != null) {
        Shapes.check(
            state == 0 ? "rnn: h0" : "rnn: c0",
            tensor,
            spec.type(),
            "L D, N, H",
            stateShape(state, batch).dims());
      }
      states.add(tensor);
    }
    return states;
  }
}
