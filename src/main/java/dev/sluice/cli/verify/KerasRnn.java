package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keras' SimpleRNN, LSTM and GRU, in one direction or both, with or without a mask. */
final class KerasRnn {
  private final Trip trip;
  private final String layer;
  private final boolean both;
  private final KerasGates gates;
  private final Rnn rnn;

  KerasRnn(Trip trip, String layer) {
    this.trip = trip;
    this.layer = layer;
    both = trip.subject().has("w.forward/kernel");
    int hidden = trip.config().integer("H");
    gates =
        layer.contains("GRU")
            ? new KerasGates(hidden, 1, 0, 2)
            : layer.contains("LSTM")
                ? new KerasGates(hidden, 0, 1, 2, 3)
                : new KerasGates(hidden, 0);
    rnn =
        cell(trip.config().integer("I"), hidden)
            .bidirectional(both)
            .bias(bias())
            .type(trip.type())
            .build(weights(), trip.arena());
  }

  private boolean bias() {
    return trip.subject().has("w." + prefixes().getFirst() + "bias");
  }

  private RnnBuilder cell(int input, int hidden) {
    if (layer.contains("LSTM")) {
      return Rnn.lstm(input, hidden);
    }
    if (!layer.contains("GRU")) {
      return Rnn.tanh(input, hidden);
    }
    // Two biases say that the reset is after; without any the config has to, as in Keras.
    boolean after =
        trip.config()
            .flag(
                "reset_after",
                !bias() || trip.subject().shape("w." + prefixes().getFirst() + "bias").rank() == 2);
    return after ? Rnn.gru(input, hidden) : Rnn.gruResetBefore(input, hidden);
  }

  private List<String> prefixes() {
    return both ? List.of("forward/", "backward/") : List.of("");
  }

  private static String suffix(String prefix) {
    return prefix.equals("backward/") ? "_l0_reverse" : "_l0";
  }

  private Weights weights() {
    var all = new HashMap<String, HostTensor>();
    for (var prefix : prefixes()) {
      var from = "w." + prefix;
      gates.put(all, "weight_ih" + suffix(prefix), trip.subject().values(from + "kernel"));
      gates.put(
          all, "weight_hh" + suffix(prefix), trip.subject().values(from + "recurrent_kernel"));
      if (bias()) {
        gates.putBiases(all, suffix(prefix), trip.subject().values(from + "bias"));
      }
    }
    return Weights.of(all);
  }

  void run() {
    var x = trip.input("x", Axes.BATCH_FIRST);
    if (trip.subject().has("in.mask")) {
      runMasked(x, trip.subject().ints("in.mask"));
    } else {
      var output = rnn.forward(trip.pass(), x, null, initial());
      trip.output("y", Axes.BATCH_FIRST, output.y());
      outputs(output);
    }
    trip.backward(this::gradients);
  }

  private Rnn.State initial() {
    var h = trip.input("state0", Axes.SAME);
    if (h == null) {
      return null;
    }
    if (both) {
      throw new NotSupported("states of a bidirectional Keras layer: the runner has none");
    }
    var c = trip.input("state1", Axes.SAME);
    return new Rnn.State(strand(h), c == null ? null : strand(c));
  }

  private static Tensor strand(Tensor state) {
    return state.reshape(Shape.of(1, state.shape().dim(0), state.shape().dim(1)));
  }

  private void outputs(Rnn.Output output) {
    int state = 0;
    for (int direction = 0; direction < rnn.spec().directions(); direction++) {
      trip.output("state" + state++, Axes.SAME, output.h().at(direction));
      if (output.c() != null) {
        trip.output("state" + state++, Axes.SAME, output.c().at(direction));
      }
    }
  }

  /**
   * A mask may have holes: each step is a sequence of length 1 or, masked, 0, which keeps the
   * state. Keras repeats the output of the step before, and that is the state, or zero before the
   * first step that counts, whatever the initial state.
   */
  private void runMasked(Tensor x, int[] mask) {
    if (both) {
      throw new NotSupported("a masked bidirectional Keras layer: steps run forward here");
    }
    int steps = x.shape().size(0);
    int batch = x.shape().size(1);
    var y = new ArrayList<Tensor>();
    var begun = new double[batch * trip.config().integer("H")];
    var state = initial();
    Rnn.Output output = null;
    for (int t = 0; t < steps; t++) {
      var lengths = new int[batch];
      for (int n = 0; n < batch; n++) {
        lengths[n] = mask[n * steps + t];
      }
      for (int i = 0; i < begun.length; i++) {
        begun[i] = Math.max(begun[i], lengths[i * batch / begun.length]);
      }
      output = rnn.forward(trip.pass(), x.slice(t, t + 1), lengths, state);
      state = new Rnn.State(output.h(), output.c());
      y.add(trip.scaled(output.h(), begun.clone()));
    }
    trip.output("y", Axes.BATCH_FIRST, y.toArray(Tensor[]::new));
    outputs(output);
  }

  private Map<String, double[]> gradients() {
    var byName = new HashMap<String, double[]>();
    for (Parameter parameter : rnn.parameters()) {
      byName.put(parameter.name(), gates.toKeras(parameter.gradient().doubles()));
    }
    var all = new HashMap<String, double[]>();
    for (var prefix : prefixes()) {
      all.put(prefix + "kernel", byName.get("weight_ih" + suffix(prefix)));
      all.put(prefix + "recurrent_kernel", byName.get("weight_hh" + suffix(prefix)));
      if (bias()) {
        all.put(prefix + "bias", bias(prefix, byName));
      }
    }
    return all;
  }

  private double[] bias(String prefix, Map<String, double[]> byName) {
    double[] input = byName.get("bias_ih" + suffix(prefix));
    if (trip.subject().shape("w." + prefix + "bias").rank() == 1) {
      return input;
    }
    double[] recurrent = byName.get("bias_hh" + suffix(prefix));
    var two = new double[2 * input.length];
    System.arraycopy(input, 0, two, 0, input.length);
    System.arraycopy(recurrent, 0, two, input.length, recurrent.length);
    return two;
  }
}
