package dev.sluice.nn;

import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * x: [T, N, C] to y: [T, N, D H]: a recurrent network over whole sequences, in PyTorch's canonical
 * form: {@code weight_ih_l0 [G H, C]}, {@code weight_hh_l0 [G H, H]}, {@code bias_ih_l0}, {@code
 * bias_hh_l0 [G H]}, {@code _reverse} for the second direction; LSTM gates i, f, g, o.
 *
 * <p>LSTM: {@code [i f g o] = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh}, {@code c_t = s(f) c_{t-1} +
 * s(i) tanh(g)}, {@code h_t = s(o) tanh(c_t)} (Hochreiter and Schmidhuber 1997, Gers 2000).
 *
 * <p>GRU (gates r, z, n): {@code r = s(..), z = s(..)}, {@code n = tanh(W_in x_t + b_in + r (W_hn
 * h_{t-1} + b_hn))} with the reset after, {@code tanh(W_in x_t + b_in + W_hn (r h_{t-1}) + b_hn)}
 * with the reset before (Cho 2014), {@code h_t = (1 - z) n + z h_{t-1}}.
 *
 * <p>Elman: {@code h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)}, or max(.., 0).
 *
 * <p>Thread-safe: a network is weights, a pass holds everything else.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var gru = Rnn.gru(8, 64).layers(2).bidirectional().build(Weights.random(1), arena);
 *   var x = pass.zeros(DType.FLOAT32, Shape.of(50, 3, 8));
 *   var out = gru.forward(pass, x, new int[] {50, 17, 0}, null);
 *   var y = out.y(); // [50, 3, 128], zero past each sequence's end
 *   var h = out.h(); // [4, 3, 64]
 * }
 * }</pre>
 */
public final class Rnn implements Layer {
  private final RnnSpec spec;
  private final boolean kerasBiases;
  private final List<Parameter> all;
  private final List<Parameter> parameters;
  private final Packed packed;
  private final DeviceArena arena;
  private final Dropout dropout;
  private final boolean engineDropout;
  private final Repeated repeated = new Repeated();
  private final List<Rnn> stack = new ArrayList<>();

  /**
   * What a sequence gives.
   *
   * @param y [T, N, D H] the output of every step, zero past a sequence's end
   * @param h [L D, N, H] the state after each sequence's own end
   * @param c [L D, N, H] the cell there; null for networks without one
   */
  public record Output(Tensor y, Tensor h, Tensor c) {}

  /**
   * What packed sequences give.
   *
   * @param y [R, D H] the output of every step
   * @param h [L D, N, H] the state after each sequence's own end
   * @param c [L D, N, H] the cell there; null for networks without one
   */
  public record PackedOutput(PackedSequence y, Tensor h, Tensor c) {}

  /**
   * Where a sequence starts.
   *
   * @param h [L D, N, H]
   * @param c [L D, N, H]; null for networks without a cell
   */
  public record State(Tensor h, Tensor c) {}

  Rnn(
      RnnSpec spec,
      Dropout dropout,
      boolean engineDropout,
      boolean kerasBiases,
      List<Parameter> all,
      DeviceArena arena) {
    this.spec = spec;
    this.dropout = dropout;
    this.engineDropout = engineDropout;
    this.kerasBiases = kerasBiases;
    this.all = List.copyOf(all);
    this.parameters = all.stream().filter(p -> !fixed(spec, kerasBiases, p.name())).toList();
    this.packed = new Packed(this.all, arena);
    this.arena = arena;
    for (int layer = 0; spec.layers() > 1 && layer < spec.layers(); layer++) {
      stack.add(layer(layer));
    }
  }

  /** Whether a tensor of the spec is zero for ever, and so no parameter. */
  static boolean fixed(RnnSpec spec, boolean kerasBiases, String name) {
    return kerasBiases && spec.kind() != RnnSpec.Kind.GRU_RESET_AFTER && name.startsWith("bias_hh");
  }

  /** One layer as a network of its own. */
  Rnn layer(int layer) {
    return part(layer * spec.directions(), spec.directions());
  }

  /** A network over the parameters of one layer, or of one direction of it. */
  private Rnn part(int firstStrand, int strands) {
    int each = all.size() / (spec.layers() * spec.directions());
    var own = all.subList(firstStrand * each, (firstStrand + strands) * each);
    int layer = firstStrand / spec.directions();
    return new Rnn(spec.part(layer, strands > 1), new Dropout(0), false, kerasBiases, own, arena);
  }

  /** One layer in one direction as a network of its own; it runs forward. */
  Rnn strand(int layer, int direction) {
    return part(layer * spec.directions() + direction, 1);
  }

  /**
   * {@return a builder of an LSTM}
   *
   * @param input C
   * @param hidden H
   */
  public static RnnBuilder lstm(int input, int hidden) {
    return new RnnBuilder(RnnSpec.Kind.LSTM, input, hidden);
  }

  /**
   * {@return a builder of a GRU whose reset gate multiplies W_hn h + b_hn, as in PyTorch and cuDNN}
   *
   * @param input C
   * @param hidden H
   */
  public static RnnBuilder gru(int input, int hidden) {
    return new RnnBuilder(RnnSpec.Kind.GRU_RESET_AFTER, input, hidden);
  }

  /**
   * {@return a builder of a GRU whose reset gate multiplies h before W_hn, as in Cho 2014; weights
   * of one reset cannot be converted to the other}
   *
   * @param input C
   * @param hidden H
   */
  public static RnnBuilder gruResetBefore(int input, int hidden) {
    return new RnnBuilder(RnnSpec.Kind.GRU_RESET_BEFORE, input, hidden);
  }

  /**
   * {@return a builder of an Elman network, h = tanh(a)}
   *
   * @param input C
   * @param hidden H
   */
  public static RnnBuilder tanh(int input, int hidden) {
    return new RnnBuilder(RnnSpec.Kind.RNN_TANH, input, hidden);
  }

  /**
   * {@return a builder of an Elman network, h = max(a, 0)}
   *
   * @param input C
   * @param hidden H
   */
  public static RnnBuilder relu(int input, int hidden) {
    return new RnnBuilder(RnnSpec.Kind.RNN_RELU, input, hidden);
  }

  /** {@return what the network is} */
  public RnnSpec spec() {
    return spec;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The tensors of the spec, in its order, those that are no parameters too. */
  List<Parameter> all() {
    return all;
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
    if (lengths != null) {
      requireLengths("rnn", lengths, steps, batch);
    }
    var y = pass.watch(pass.empty(spec.type(), Shape.of(steps, batch, outputs())));
    var before = new ArrayList<Tensor>(Arrays.asList((Tensor) null));
    before.addAll(initial(initial, batch));
    Segments.Steps work =
        (inner, from, read, states, kept, _) ->
            run(
                inner,
                read.getFirst(),
                lengths(lengths, from, read.getFirst().shape().size(0)),
                states.subList(1, states.size()),
                kept.getFirst());
    var last =
        spec.bidirectional()
            ? work.of(pass, 0, List.of(x), before, List.of(y), null)
            : Segments.run(pass, steps, List.of(x), before, List.of(y), work);
    return new Output(y, last.get(0), last.size() > 1 ? last.get(1) : null);
  }

  private List<Tensor> run(Pass pass, Tensor x, int[] lengths, List<Tensor> initial, Tensor y) {
    var last = new ArrayList<Tensor>();
    for (int state = 0; state < spec.kind().states(); state++) {
      last.add(pass.watch(pass.empty(spec.type(), stateShape(state, x.shape().size(1)))));
    }
    if (lengths != null || dropout.p() > 0) {
      run(pass, x, lengths, initial, y, last);
      return last;
    }
    var read = new ArrayList<>(initial);
    read.add(x);
    var written = new ArrayList<>(last);
    written.add(y);
    repeated.of(
        pass,
        read,
        written,
        (inner, seen, to) -> {
          int states = last.size();
          run(
              inner,
              seen.getLast(),
              null,
              seen.subList(0, states),
              to.getLast(),
              to.subList(0, states));
          return List.of();
        });
    return last;
  }

  private void run(
      Pass pass, Tensor x, int[] lengths, List<Tensor> initial, Tensor y, List<Tensor> last) {
    var ends = lengths == null ? null : pass.ints(lengths);
    var values = new Sequence(x, ends, initial, y, last, lengths);
    boolean apart = spec.bidirectional() && pass.recomputes() && !stack.isEmpty();
    var plan =
        apart ? null : plan(pass, x.shape().size(0), x.shape().size(1), lengths != null, false);
    if (plan == null) {
      runStack(pass, values);
    } else {
      run(pass, plan, values);
    }
  }

  /** A plan for all layers; null where they run one by one, since we drop between them. */
  private RnnPlan plan(Pass pass, int steps, int batch, boolean lengths, boolean packed) {
    boolean drops = dropout.p() > 0 && pass.training();
    if (drops && (!engineDropout || dropout.p() == 1)) {
      return null;
    }
    double p = drops ? dropout.p() : 0;
    var run = new RnnSpec.Run(steps, batch, lengths, pass.training(), packed, p);
    var plan = pass.device().backend().rnn(spec, run);
    return drops && !plan.drops() ? null : plan;
  }

  private void run(Pass pass, RnnPlan plan, Sequence values) {
    var weights = packed.of(plan, pass);
    var reserve = Recorded.reserve(pass, plan, spec.type());
    plan.forward(pass.stream(), weights, values, reserve);
    Recorded.backward(pass, plan, weights, values, all, reserve);
  }

  /**
   * Runs sequences without padding.
   *
   * @param pass holds what is computed
   * @param x [R, C] in its order
   * @param initial states [L D, N, H] of all N sequences in their own order, or null for zeros
   * @return y [R, D H] in the order of x, and the states at each sequence's own end, [L D, N, H]
   */
  public PackedOutput forward(Pass pass, PackedSequence x, State initial) {
    Shapes.check("rnn: x", x.rows(), spec.type(), "R, C", Shapes.ANY, spec.input());
    var order = x.order();
    var plan = plan(pass, order.steps(), order.batch(), true, true);
    if (plan == null || !plan.packed()) {
      var out = forward(pass, x.padded(pass), x.lengths(), initial);
      return new PackedOutput(PackedSequence.of(pass, out.y, x.lengths()), out.h, out.c);
    }
    int batch = x.lengths().length;
    var states = new PackedStates(pass, order, batch, spec.layers() * spec.directions());
    var all = initial(initial, batch);
    var from = new ArrayList<Tensor>();
    var last = new ArrayList<Tensor>();
    for (int i = 0; i < all.size(); i++) {
      from.add(states.sorted(all.get(i)));
      last.add(pass.empty(spec.type(), stateShape(i, order.batch())));
    }
    var y = pass.empty(spec.type(), Shape.of(order.rows(), outputs()));
    var sorted = order.sorted();
    run(pass, plan, new Sequence(x.rows(), pass.ints(sorted), from, y, last, sorted));
    return new PackedOutput(
        new PackedSequence(y, x.lengths()),
        states.restored(last.get(0), all.get(0)),
        last.size() > 1 ? states.restored(last.get(1), all.get(1)) : null);
  }

  private long outputs() {
    return (long) spec.directions() * spec.output();
  }

  /** Layer by layer, with dropout between them. */
  private void runStack(Pass pass, Sequence values) {
    var x = values.x();
    for (int layer = 0; layer < spec.layers(); layer++) {
      boolean top = layer == spec.layers() - 1;
      var y = top ? values.y() : pass.empty(spec.type(), values.y().shape());
      var initial = ofLayer(values.initial(), layer);
      var last = ofLayer(values.last(), layer);
      var part = new Sequence(x, values.lengths(), initial, y, last, values.ends());
      var below = stack.get(layer);
      if (spec.bidirectional() && pass.recomputes()) {
        again(pass, part, inner -> below.runLayer(inner, part));
      } else {
        below.runLayer(pass, part);
      }
      x = top ? y : dropout.forward(pass, y);
    }
  }

  private void runLayer(Pass pass, Sequence values) {
    var dims = values.y().shape();
    run(pass, plan(pass, dims.size(0), dims.size(1), values.lengths() != null, false), values);
  }

  /** A second direction begins at the end: a layer is computed again as a whole. */
  private static void again(Pass pass, Sequence values, Consumer<Pass> layer) {
    var read = new ArrayList<>(List.of(values.x()));
    values.initial().stream().filter(Objects::nonNull).forEach(read::add);
    var written = new ArrayList<>(List.of(values.y()));
    written.addAll(values.last());
    written.forEach(pass::watch);
    Recomputation.of(
        pass,
        read,
        written,
        (inner, _) -> {
          layer.accept(inner);
          return List.of();
        });
  }

  private List<Tensor> ofLayer(List<Tensor> states, int layer) {
    int from = layer * spec.directions();
    var own = new ArrayList<Tensor>();
    for (var state : states) {
      own.add(state == null ? null : state.slice(from, from + spec.directions()));
    }
    return own;
  }

  private Shape stateShape(int state, int batch) {
    return Shape.of(
        (long) spec.layers() * spec.directions(),
        batch,
        state == 0 ? spec.output() : spec.hidden());
  }

  static void requireLengths(String what, int[] lengths, int steps, int batch) {
    if (lengths.length != batch
        || Arrays.stream(lengths).anyMatch(length -> length < 0 || length > steps)) {
      throw new IllegalArgumentException(
          what
              + ": lengths: expected "
              + batch
              + " of 0 to T = "
              + steps
              + ", got "
              + Arrays.toString(lengths));
    }
  }

  /** What is left of sequences after some steps, as far as the next ones go. */
  private static int[] lengths(int[] all, int from, int steps) {
    return all == null
        ? null
        : Arrays.stream(all).map(length -> Math.clamp(length - from, 0, steps)).toArray();
  }

  private List<Tensor> initial(State initial, int batch) {
    if (initial != null && initial.c != null && spec.kind().states() < 2) {
      throw new IllegalArgumentException(
          "rnn: c0: expected none, since " + spec.kind() + " has no cell, got " + initial.c);
    }
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
