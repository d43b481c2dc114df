package dev.sluice.cli.verify;

import dev.sluice.nn.ConvLstm.Config.Frame;
import java.util.Set;

/** What the configs of PredRNN's and PredRNN++'s cells and models have in common. */
final class SpatioTemporal {
  private static final Set<String> KEYS =
      Set.of(
          "B",
          "T",
          "Cin",
          "Ch",
          "kernel",
          "H",
          "W",
          "layer_norm",
          "ln_eps",
          "forget_bias",
          "layout",
          "note");

  private SpatioTemporal() {}

  static boolean knows(String key) {
    return KEYS.contains(key);
  }

  /** Refuses what the cells do not have. */
  static void require(Config config) {
    config.require("layout", "BTCHW");
    if (config.number("ln_eps", 1e-5) != 1e-5) {
      throw new NotSupported("ln_eps is " + config.number("ln_eps", 0) + ", LayerNorm has 1e-05");
    }
    if (config.number("forget_bias", 1) != 1) {
      throw new NotSupported("forget_bias is " + config.number("forget_bias", 0) + ", it is 1");
    }
  }

  /** The frames of a layer norm, patches of p x p pixels, or null without. */
  static Frame layerNorm(Config config, int patch) {
    return config.flag("layer_norm", false)
        ? new Frame(config.integer("H") / patch, config.integer("W") / patch)
        : null;
  }
}
