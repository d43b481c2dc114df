package dev.sluice.cli.verify;

import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.spi.RnnSpec.CellClip;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;

/** Recurrent networks in PyTorch's form; states are [L D, B, H] in both orders. */
final class RnnRunner implements CaseRunner {
  private static final Set<String> KEYS =
      Set.of(
          "B",
          "T",
          "I",
          "H",
          "layers",
          "bidirectional",
          "proj_size",
          "bias",
          "batch_first",
          "activation",
          "lengths",
          "initial_state",
          "peephole",
          "cell_clip",
          "cell_clip_mode",
          "forget_bias",
          "variant",
          "z",
          "note");

  private final BiFunction<Config, Sizes, RnnBuilder> cell;

  /** What every cell is made with. */
  record Sizes(int input, int hidden) {}

  /**
   * Runs one kind of cell.
   *
   * @param cell makes its builder, and refuses what the cell does not have
   */
  RnnRunner(BiFunction<Config, Sizes, RnnBuilder> cell) {
    this.cell = cell;
  }

  /** An LSTM; the options of a GRU mean nothing to it. */
  static RnnBuilder lstm(Config config, Sizes sizes) {
    config.require("activation", "tanh");
    return Rnn.lstm(sizes.input, sizes.hidden);
  }

  /** An Elman network. */
  static RnnBuilder elman(Config config, Sizes sizes) {
    config.require("activation", "tanh", "relu");
    return config.text("activation", "tanh").equals("tanh")
        ? Rnn.tanh(sizes.input, sizes.hidden)
        : Rnn.relu(sizes.input, sizes.hidden);
  }

  /** A GRU. */
  static RnnBuilder gru(Config config, Sizes sizes) {
    config.require("activation", "tanh");
    config.require("variant", "reset_after", "reset_before");
    config.require("z", "keep", "update");
    var builder =
        config.text("variant", "reset_after").equals("reset_after")
            ? Rnn.gru(sizes.input, sizes.hidden)
            : Rnn.gruResetBefore(sizes.input, sizes.hidden);
    return builder.blend(config.text("z", "keep").equals("keep") ? Blend.KEEP : Blend.UPDATE);
  }

  /** Options that every kind has, and those that the others refuse. */
  private static RnnBuilder options(Config config, RnnBuilder builder) {
    builder
        .layers(config.integer("layers", 1))
        .bidirectional(config.flag("bidirectional", false))
        .bias(config.flag("bias", true))
        .projection(config.integer("proj_size", 0))
        .peephole(config.flag("peephole", false))
        .forgetBias(config.number("forget_bias", 0));
    if (config.has("cell_clip")) {
      config.require("cell_clip_mode", "store", "read");
      if (!config.has("cell_clip_mode")) {
        throw new NotSupported("cell_clip without a cell_clip_mode: there are two functions");
      }
      var mode =
          config.text("cell_clip_mode", "").equals("store")
              ? CellClip.Mode.STORE
              : CellClip.Mode.READ;
      builder.cellClip(config.number("cell_clip", 0), mode);
    }
    return builder;
  }

  @Override
  public boolean knows(String key) {
    return KEYS.contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    config.require("initial_state", "given", "zeros");
    var rnn =
        options(config, cell.apply(config, new Sizes(config.integer("I"), config.integer("H"))))
            .type(trip.type())
            .build(trip.weights(), trip.arena());
    var axes = config.flag("batch_first", false) ? Axes.BATCH_FIRST : Axes.SAME;
    var x = trip.input("x", axes);
    var h0 = trip.input("h0", Axes.SAME);
    var c0 = trip.input("c0", Axes.SAME);
    var initial = h0 == null && c0 == null ? null : new Rnn.State(h0, c0);
    var output = rnn.forward(trip.pass(), x, trip.lengths(), initial);
    trip.output("y", axes, output.y());
    trip.output("hn", Axes.SAME, output.h());
    if (output.c() != null) {
      trip.output("cn", Axes.SAME, output.c());
    }
    trip.backward(List.of(rnn));
  }
}
