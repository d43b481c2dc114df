package dev.sluice.cli.verify;

import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.EncoderForecaster;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** The encoder-forecaster of ConvLSTM. */
final class EncoderForecasterRunner implements CaseRunner {
  private static final Set<String> KEYS =
      Set.of(
          "B",
          "Tin",
          "Tout",
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
          "forecaster_input",
          "head",
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
    config.require("forecaster_input", "none (zero input term; bias kept)");
    config.require("head", "1x1 conv over channel-concat of every forecaster layer's h, bias");
    if (!config.flag("bias", true)) {
      throw new NotSupported("bias is false, EncoderForecaster always has one");
    }
    var frame = new ConvLstm.Config.Frame(config.integer("H"), config.integer("W"));
    var model =
        new EncoderForecaster(
            new EncoderForecaster.Config(
                config.integer("Cin"),
                hidden(config),
                kernel(config),
                1,
                config.flag("peephole", false) ? frame : null,
                false),
            trip.type(),
            trip.weights(),
            trip.arena());
    var x = trip.input("x", Axes.FRAMES);
    trip.output("y", Axes.FRAMES, model.forward(trip.pass(), x, config.integer("Tout")));
    trip.backward(List.of(model));
  }

  private static List<Integer> hidden(Config config) {
    int listed = Math.max(1, config.length("Ch"));
    int[] hidden = config.integers("Ch", config.integer("layers", listed));
    return IntStream.of(hidden).boxed().toList();
  }

  private static int kernel(Config config) {
    int[] sides = config.integers("kernel", 2);
    if (sides[0] != sides[1]) {
      throw new NotSupported(
          "kernel is %dx%d, EncoderForecaster has square ones".formatted(sides[0], sides[1]));
    }
    return sides[0];
  }
}
