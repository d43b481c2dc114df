package dev.sluice.cli.bench;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.StLstm;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The cells that can be timed. */
public enum Cell {
  /** Elman network with tanh, as in {@link Rnn}. */
  RNN(1, false) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      return sequence(p, Rnn.tanh(p.input(), p.hidden()), weights, arena);
    }
  },

  /** LSTM over vectors, as in {@link Rnn}. */
  LSTM(4, false, Form.PEEPHOLE) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      var lstm = Rnn.lstm(p.input(), p.hidden()).peephole(p.peephole());
      return sequence(p, lstm, weights, arena);
    }
  },

  /** GRU over vectors, the reset after unless asked otherwise, as in {@link Rnn}. */
  GRU(3, false, Form.RESET) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      boolean before = p.variant().reset() == ConvGru.Reset.BEFORE;
      var gru = before ? Rnn.gruResetBefore(p.input(), p.hidden()) : Rnn.gru(p.input(), p.hidden());
      return sequence(p, gru, weights, arena);
    }
  },

  /** ConvLSTM over frames, as in {@link ConvLstm}. */
  CONVLSTM(4, true, Form.PEEPHOLE) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      var frame = p.peephole() ? new ConvLstm.Config.Frame(p.height(), p.width()) : null;
      return stack(
          p,
          (input, suffix) -> {
            var config = new ConvLstm.Config(input, p.hidden(), p.kernel(), p.kernel(), frame);
            var cell = new ConvLstm(config, p.type(), suffix, weights, arena);
            return new Network(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).y());
          });
    }
  },

  /** ConvGRU over frames, the reset before unless asked otherwise, as in {@link ConvGru}. */
  CONVGRU(3, true, Form.RESET) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      var reset = p.variant().reset() == null ? ConvGru.Reset.BEFORE : p.variant().reset();
      return stack(
          p,
          (input, suffix) -> {
            var config =
                new ConvGru.Config(
                    input, p.hidden(), p.kernel(), p.kernel(), reset, RnnSpec.Blend.KEEP);
            var cell = new ConvGru(config, p.type(), suffix, weights, arena);
            return new Network(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).y());
          });
    }
  },

  /** ST-LSTM over frames, each layer with a memory of its own, as in {@link StLstm}. */
  STLSTM(7, true, Form.LAYER_NORM) {
    @Override
    Network build(Problem p, Weights weights, DeviceArena arena) {
      var frame = p.variant().layerNorm() ? new ConvLstm.Config.Frame(p.height(), p.width()) : null;
      return stack(
          p,
          (input, suffix) -> {
            var config = new StLstm.Config(input, p.hidden(), p.kernel(), p.kernel(), frame);
            var cell = new StLstm(config, p.type(), weights.at("layer" + suffix), arena);
            return new Network(cell.parameters(), (pass, x) -> cell.forward(pass, x, null).y());
          });
    }

    @Override
    double products(int input, int hidden, int kernel) {
      double h = hidden;
      return kernel * kernel * (7 * input * h + 9 * h * h) + 2 * h * h;
    }
  };

  /** What some cells have and others do not. */
  enum Form {
    PEEPHOLE,
    LAYER_NORM,
    RESET
  }

  private final int gates;
  private final boolean overFrames;
  private final Set<Form> forms;

  Cell(int gates, boolean overFrames, Form... forms) {
    this.gates = gates;
    this.overFrames = overFrames;
    this.forms = Set.of(forms);
  }

  boolean has(Form form) {
    return forms.contains(form);
  }

  /** Multiplications of a step, at a frame's pixel where there are frames. */
  double products(int input, int hidden, int kernel) {
    double taps = overFrames ? (double) kernel * kernel : 1;
    return taps * gates * hidden * (input + (double) hidden);
  }

  private static Network sequence(
      Problem p, Rnn.Builder builder, Weights weights, DeviceArena arena) {
    var rnn =
        builder
            .type(p.type())
            .layers(p.layers())
            .bidirectional(p.bidirectional())
            .build(weights, arena);
    var lengths = p.sequenceLengths();
    return new Network(rnn.parameters(), (pass, x) -> rnn.forward(pass, x, lengths, null).y());
  }

  /** One layer of cells over frames, from the width of its input and the suffix of its names. */
  private interface LayerOf {
    Network build(int input, String suffix);
  }

  private static Network stack(Problem p, LayerOf layer) {
    var layers = new ArrayList<Network>();
    for (int l = 0; l < p.layers(); l++) {
      layers.add(layer.build(l == 0 ? p.input() : p.hidden(), "_l" + l));
    }
    return new Network(
        layers.stream().flatMap(n -> n.parameters.stream()).toList(),
        (pass, x) -> {
          for (var network : layers) {
            x = network.forward.run(pass, x);
          }
          return x;
        });
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
