package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvLstm;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Stacks of ConvLSTM, each layer reading the frames of the one below. */
final class ConvLstmRunner implements CaseRunner {
  private static final Set<String> KEYS =
      Set.of(
          "B",
          "T",
          "Cin",
          "Ch",
          "kernel",
          "H",
          "W",
          "layers",
          "peephole",
          "bias",
          "padding",
          "layout",
          "initial_state",
          "note");

  @Override
  public boolean knows(String key) {
    return KEYS.contains(key);
  }

  /** Sizes of the stack, as the config gives them. */
  private record Stack(
      int inputs, int[] hidden, int[] kernel, ConvLstm.Config.Frame peephole, boolean bias) {
    static Stack of(Config config) {
      config.require("padding", "same");
      config.require("layout", "BTCHW");
      config.require("initial_state", "given", "zeros");
      var frame = new ConvLstm.Config.Frame(config.integer("H"), config.integer("W"));
      return new Stack(
          config.integer("Cin"),
          config.integers("Ch", config.integer("layers", 1)),
          config.integers("kernel", 2),
          config.flag("peephole", false) ? frame : null,
          config.flag("bias", true));
    }

    ConvLstm layer(int l, Weights weights, Trip trip) {
      int below = l == 0 ? inputs : hidden[l - 1];
      var config = new ConvLstm.Config(below, hidden[l], kernel[0], kernel[1], peephole);
      return new ConvLstm(config, trip.type(), "_l" + l, weights, trip.arena());
    }

    /** The cell always has a bias; without one in the case it is zero. */
    Map<String, HostTensor> missing() {
      var zeros = new HashMap<String, HostTensor>();
      for (int l = 0; !bias && l < hidden.length; l++) {
        int rows = 4 * hidden[l];
        zeros.put("bias_l" + l, new HostTensor(Shape.of(rows), new float[rows]));
      }
      return zeros;
    }
  }

  @Override
  public void run(Trip trip) {
    var stack = Stack.of(trip.config());
    var weights = trip.weights(stack.missing());
    var x = trip.input("x", Axes.FRAMES);
    var h0 = trip.input("h0", Axes.STATES);
    var c0 = trip.input("c0", Axes.STATES);
    if (h0 != null ^ c0 != null) {
      h0 = h0 == null ? trip.pass().zeros(trip.type(), c0.shape()) : h0;
      c0 = c0 == null ? trip.pass().zeros(trip.type(), h0.shape()) : c0;
    }
    var layers = new ArrayList<ConvLstm>();
    var last = new ArrayList<ConvLstm.State>();
    for (int l = 0; l < stack.hidden.length; l++) {
      var layer = stack.layer(l, weights, trip);
      var initial = h0 == null ? null : new ConvLstm.State(h0.at(l), c0.at(l));
      var output = layer.forward(trip.pass(), x, initial);
      layers.add(layer);
      last.add(output.last());
      x = output.y();
    }
    trip.output("y", Axes.FRAMES, x);
    trip.output("hn", Axes.STATES, each(last, ConvLstm.State::h));
    trip.output("cn", Axes.STATES, each(last, ConvLstm.State::c));
    trip.backward(layers);
  }

  private static Tensor[] each(List<ConvLstm.State> states, Function<ConvLstm.State, Tensor> part) {
    return states.stream().map(part).toArray(Tensor[]::new);
  }
}
