package dev.sluice.cli.verify;

import java.util.Set;

/** Layers in Keras' form: batch first, channels last, kernels [in, out]. */
final class KerasLayerRunner implements CaseRunner {
  private static final Set<String> KEYS =
      Set.of(
          "B",
          "T",
          "I",
          "H",
          "W",
          "Cin",
          "Ch",
          "kernel",
          "layer",
          "layout",
          "mask",
          "reset_after",
          "note");

  @Override
  public boolean knows(String key) {
    return KEYS.contains(key);
  }

  @Override
  public void run(Trip trip) {
    trip.config().require("layout", "Keras native");
    var layer = trip.config().text("layer", "");
    if (layer.contains("ConvLSTM2D")) {
      KerasConvLstm.run(trip);
    } else if (layer.contains("LSTM") || layer.contains("GRU") || layer.contains("RNN")) {
      new KerasRnn(trip, layer).run();
    } else {
      throw new NotSupported(
          "layer is " + layer + ", supported is LSTM, GRU, SimpleRNN, ConvLSTM2D");
    }
  }
}
