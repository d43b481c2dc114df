package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.Kind;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Looks at the gates of a network while it runs: layer by layer, direction by direction, step by
 * step. For diagnosis: the sums are reckoned anew in Java, which is slow.
 *
 * <pre>{@code
 * var probe = new GateProbe(rnn, x, lengths, null);
 * probe.meanForget();       // 0.73, say
 * probe.firstNonFinite();   // "layer 1, step 17, gate f: Infinity at [0, 3]", or nothing
 * }</pre>
 */
public final class GateProbe {
  private final Rnn rnn;
  private final Tensor x;
  private final int[] lengths;
  private final Rnn.State initial;

  /**
   * One step of one layer and direction.
   *
   * @param layer from 0
   * @param reverse whether of the second direction
   * @param step t
   * @param sums [N, G, H] what goes into the gates' functions, peepholes and forget bias included
   * @param h [N, P] after the step, P = H but for projections
   * @param c [N, H] after the step; null for networks without a cell
   * @param active [N] whether the sequence has this step
   */
  public record Step(
      int layer,
      boolean reverse,
      int step,
      double[] sums,
      double[] h,
      double[] c,
      boolean[] active) {
    private String place() {
      return "layer " + layer + (reverse ? ", reverse" : "") + ", step " + step + ", ";
    }
  }

  /**
   * A probe.
   *
   * @param rnn the network
   * @param x [T, N, C]
   * @param lengths of the N sequences, or null
   * @param initial states, or null for zeros
   */
  public GateProbe(Rnn rnn, Tensor x, int[] lengths, Rnn.State initial) {
    this.rnn = rnn;
    this.x = x;
    this.lengths = lengths == null ? null : lengths.clone();
    this.initial = initial;
  }

  /**
   * {@return the mean of an LSTM's forget gate over all layers, steps, sequences and units}
   *
   * @throws IllegalArgumentException if the network is no LSTM
   */
  public double meanForget() {
    if (rnn.spec().kind() != Kind.LSTM) {
      throw new IllegalArgumentException(
          "mean forget gate: expected an LSTM, got " + rnn.spec().kind());
    }
    int hidden = rnn.spec().hidden();
    var total = new double[2];
    walk(
        step -> {
          for (int n = 0; n < step.active.length; n++) {
            for (int j = 0; step.active[n] && j < hidden; j++) {
              total[0] += GateSums.sigmoid(step.sums[(4 * n + 1) * hidden + j]);
              total[1]++;
            }
          }
          return true;
        });
    return total[0] / total[1];
  }

  /**
   * {@return where the first number is that is NaN or infinite: a parameter, x, a state, or a
   * gate's sum, h or c with layer and step; nothing if all are finite}
   */
  public Optional<String> firstNonFinite() {
    for (var parameter : rnn.parameters()) {
      var found = find(parameter.name(), parameter.value());
      if (found.isPresent()) {
        return found;
      }
    }
    var given =
        find("x", x)
            .or(() -> initial == null ? Optional.empty() : find("h0", initial.h()))
            .or(() -> initial == null ? Optional.empty() : find("c0", initial.c()));
    if (given.isPresent()) {
      return given;
    }
    var found = new String[1];
    walk(
        step -> {
          found[0] = find(step).orElse(null);
          return found[0] == null;
        });
    return Optional.ofNullable(found[0]);
  }

  private Optional<String> find(Step step) {
    int batch = step.active.length;
    int hidden = rnn.spec().hidden();
    var names = GateSums.names(rnn.spec().kind());
    for (int gate = 0; gate < names.size(); gate++) {
      for (int n = 0; n < batch; n++) {
        for (int j = 0; step.active[n] && j < hidden; j++) {
          double value = rounded(step.sums[(n * names.size() + gate) * hidden + j]);
          if (!Double.isFinite(value)) {
            return Optional.of(
                "%sgate %s: %s at [%d, %d]".formatted(step.place(), names.get(gate), value, n, j));
          }
        }
      }
    }
    return find(step.place() + "h", Shape.of(batch, step.h.length / batch), step.h)
        .or(
            () ->
                step.c == null
                    ? Optional.empty()
                    : find(step.place() + "c", Shape.of(batch, hidden), step.c));
  }

  /** A sum that the engine's type cannot hold is infinite there. */
  private double rounded(double sum) {
    return rnn.spec().type() == DType.FLOAT64 ? sum : (float) sum;
  }

  /**
   * Where a tensor has the first number that is NaN or infinite.
   *
   * @param name of the tensor
   * @param tensor of floating-point numbers, or null for none
   * @return {@code name: NaN at [1, 2]}, or nothing if all are finite
   */
  public static Optional<String> find(String name, Tensor tensor) {
    return tensor == null ? Optional.empty() : find(name, tensor.shape(), tensor.doubles());
  }

  private static Optional<String> find(String name, Shape shape, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        return Optional.of(name + ": " + values[i] + " at " + Shapes.position(shape, i));
      }
    }
    return Optional.empty();
  }

  /**
   * Visits every step in the order of computation.
   *
   * @param visitor says whether to go on
   */
  public void walk(Predicate<Step> visitor) {
    var spec = rnn.spec();
    Shapes.check("probe: x", x, spec.type(), "T, N, C", Shapes.ANY, Shapes.ANY, spec.input());
    try (var pass = Pass.inference(x.arena().device())) {
      var input = x;
      for (int layer = 0; layer < spec.layers(); layer++) {
        for (int direction = 0; direction < spec.directions(); direction++) {
          if (!walk(pass, layer, direction, input, visitor)) {
            return;
          }
        }
        int first = layer * spec.directions();
        var states = states(first, first + spec.directions());
        input = rnn.layer(layer).forward(pass, input, lengths, states).y();
      }
    }
  }

  private boolean walk(Pass pass, int layer, int direction, Tensor input, Predicate<Step> visitor) {
    var strand = rnn.strand(layer, direction);
    var sums = new GateSums(strand);
    int steps = input.shape().size(0);
    int batch = input.shape().size(1);
    int index = layer * rnn.spec().directions() + direction;
    var state = states(index, index + 1);
    for (int order = 0; order < steps; order++) {
      int t = direction == 1 ? steps - 1 - order : order;
      var active = new boolean[batch];
      var one = new int[batch];
      for (int n = 0; n < batch; n++) {
        active[n] = lengths == null || t < lengths[n];
        one[n] = active[n] ? 1 : 0;
      }
      var now = input.slice(t, t + 1);
      double[] gates = sums.of(batch, now, state);
      var output = strand.forward(pass, now, one, state);
      state = new Rnn.State(output.h(), output.c());
      double[] c = output.c() == null ? null : output.c().doubles();
      var h = output.h().doubles();
      if (!visitor.test(new Step(layer, direction == 1, t, gates, h, c, active))) {
        return false;
      }
    }
    return true;
  }

  private Rnn.State states(int from, int to) {
    if (initial == null) {
      return null;
    }
    return new Rnn.State(
        initial.h() == null ? null : initial.h().slice(from, to),
        initial.c() == null ? null : initial.c().slice(from, to));
  }
}
