package dev.sluice.cli.bench;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The cells that can be timed. */
public enum Cell {
  /** LSTM over vectors, as in {@link Rnn}. */
  LSTM(4, false) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      var lstm =
          Rnn.lstm(p.input(), p.hidden())
              .type(p.type())
              .layers(p.layers())
              .bidirectional(p.bidirectional())
              .peephole(p.peephole())
              .build(weights, arena);
      var lengths = p.sequenceLengths();
      return new Network(lstm.parameters(), (pass, x) -> lstm.forward(pass, x, lengths, null).y());
    }
  },

  /** ConvLSTM over frames, as in {@link ConvLstm}. */
  CONVLSTM(4, true) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      var frame = p.peephole() ? new ConvLstm.Config.Frame(p.height(), p.width()) : null;
      var cells = new ArrayList<ConvLstm>();
      for (int layer = 0; layer < p.layers(); layer++) {
        int input = layer == 0 ? p.input() : p.hidden();
        var config = new ConvLstm.Config(input, p.hidden(), p.kernel(), p.kernel(), frame);
        cells.add(new ConvLstm(config, p.type(), "_l" + layer, weights, arena));
      }
      return new Network(
          cells.stream().map(Layer::parameters).flatMap(List::stream).toList(),
          (pass, x) -> {
            for (var cell : cells) {
              x = cell.forward(pass, x, null).y();
            }
            return x;
          });
    }
  };

  private final int gates;
  private final boolean overFrames;

  Cell(int gates, boolean overFrames) {
    this.gates = gates;
    this.overFrames = overFrames;
  }

  /**
   * A network of cells.
   *
   * @param parameters with their names
   * @param forward from x to y
   */
  record Network(List<Parameter> parameters, Forward forward) {}

  /** The way forward. */
  @FunctionalInterface
  interface Forward {
    /** y of x, both [T, N, ...]. */
    Tensor run(Pass pass, Tensor x);
  }

  abstract Network build(Problem problem, Weights weights, DeviceArena arena);

  /** {@return the word users choose it by} */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return label();
  }

  /** {@return row blocks of a weight matrix} */
  public int gates() {
    return gates;
  }

  /** {@return whether a step is a frame rather than a vector} */
  public boolean overFrames() {
    return overFrames;
  }
}
