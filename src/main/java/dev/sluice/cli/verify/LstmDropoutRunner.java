package dev.sluice.cli.verify;

import dev.sluice.Tensor;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;

/** Two LSTM layers, {@code layer0.*} and {@code layer1.*}, with a given mask between them. */
final class LstmDropoutRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return Set.of(
            "B",
            "T",
            "I",
            "H",
            "layers",
            "bidirectional",
            "bias",
            "p",
            "batch_first",
            "initial_state",
            "note")
        .contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    config.require("initial_state", "zeros");
    if (config.integer("layers", 2) != 2) {
      throw new NotSupported("layers is " + config.integer("layers") + ", one mask is for 2");
    }
    int width = config.integer("H") * (config.flag("bidirectional", false) ? 2 : 1);
    var weights = trip.weights();
    var lower = layer(config, config.integer("I")).type(trip.type());
    var upper = layer(config, width).type(trip.type());
    var layers = new LinkedHashMap<String, Rnn>();
    layers.put("layer0.", lower.build(weights.at("layer0"), trip.arena()));
    layers.put("layer1.", upper.build(weights.at("layer1"), trip.arena()));
    run(trip, layers);
  }

  private static RnnBuilder layer(Config config, int input) {
    return Rnn.lstm(input, config.integer("H"))
        .bidirectional(config.flag("bidirectional", false))
        .bias(config.flag("bias", true));
  }

  private static void run(Trip trip, Map<String, Rnn> layers) {
    var axes = trip.config().flag("batch_first", false) ? Axes.BATCH_FIRST : Axes.SAME;
    var below = layers.get("layer0.").forward(trip.pass(), trip.input("x", axes));
    var dropped = trip.scaled(below.y(), factors(trip, axes));
    var above = layers.get("layer1.").forward(trip.pass(), dropped);
    trip.output("y", axes, above.y());
    trip.output("hn", Axes.SAME, new Tensor[] {below.h(), above.h()});
    trip.output("cn", Axes.SAME, new Tensor[] {below.c(), above.c()});
    trip.backward(layers);
  }

  private static double[] factors(Trip trip, Axes axes) {
    double p = trip.config().number("p", 0);
    var keep = trip.subject().values("in.keep");
    double factor = p < 1 ? 1 / (1 - p) : 0;
    return axes.toLibrary(
        DoubleStream.of(keep).map(k -> k * factor).toArray(), trip.subject().shape("in.keep"));
  }
}
