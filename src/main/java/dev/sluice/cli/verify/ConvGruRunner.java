package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvGru;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.HostTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Stacks of ConvGRU, each layer reading the frames of the one below. */
final class ConvGruRunner implements CaseRunner {
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
          "variant",
          "z",
          "activation",
          "bias",
          "padding",
          "layout",
          "initial_state",
          "note");

  @Override
  public boolean knows(String key) {
    return KEYS.contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    config.require("padding", "same");
    config.require("layout", "BTCHW");
    config.require("initial_state", "given", "zeros");
    config.require("activation", "tanh");
    config.require("variant", "reset_before", "reset_after");
    config.require("z", "keep", "update");
    int[] hidden = config.integers("Ch", config.integer("layers", 1));
    var weights = trip.weights(config.flag("bias", true) ? Map.of() : zeros(hidden));
    var x = trip.input("x", Axes.FRAMES);
    var h0 = trip.input("h0", Axes.STATES);
    var layers = new ArrayList<ConvGru>();
    var last = new ArrayList<Tensor>();
    for (int l = 0; l < hidden.length; l++) {
      var cell = cell(config, l == 0 ? config.integer("Cin") : hidden[l - 1], hidden[l]);
      var layer = new ConvGru(cell, trip.type(), "_l" + l, weights, trip.arena());
      var output = layer.forward(trip.pass(), x, h0 == null ? null : h0.at(l));
      layers.add(layer);
      last.add(output.h());
      x = output.y();
    }
    trip.output("y", Axes.FRAMES, x);
    trip.output("hn", Axes.STATES, last.toArray(Tensor[]::new));
    trip.backward(layers);
  }

  /** The cell always has biases; without any in the case they are zero. */
  private static Map<String, HostTensor> zeros(int... hidden) {
    var zeros = new HashMap<String, HostTensor>();
    for (int l = 0; l < hidden.length; l++) {
      int rows = 3 * hidden[l];
      var bias = new HostTensor(Shape.of(rows), new float[rows]);
      zeros.put("bias_x_l" + l, bias);
      zeros.put("bias_h_l" + l, bias);
    }
    return zeros;
  }

  private static ConvGru.Config cell(Config config, int inputs, int hidden) {
    int[] kernel = config.integers("kernel", 2);
    boolean after = config.text("variant", "reset_before").equals("reset_after");
    boolean update = config.text("z", "keep").equals("update");
    return new ConvGru.Config(
        inputs,
        hidden,
        kernel[0],
        kernel[1],
        after ? ConvGru.Reset.AFTER : ConvGru.Reset.BEFORE,
        update ? Blend.UPDATE : Blend.KEEP);
  }
}
