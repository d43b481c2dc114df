package dev.sluice.cli.bench;

import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.nn.Session;
import dev.sluice.nn.StLstm;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Collections;
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
            return new Network(
                cell.parameters(),
                Collections.nCopies(2, frame(p)),
                (pass, x, s) -> {
                  var from = s == null ? null : new ConvLstm.State(s.get(0), s.get(1));
                  var out = cell.forward(pass, x, from);
                  return new Session.Step(out.y(), List.of(out.last().h(), out.last().c()));
                });
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
            return new Network(
                cell.parameters(),
                List.of(frame(p)),
                (pass, x, s) -> {
                  var out = cell.forward(pass, x, s == null ? null : s.getFirst());
                  return new Session.Step(out.y(), List.of(out.h()));
                });
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
            return new Network(
                cell.parameters(),
                Collections.nCopies(3, frame(p)),
                (pass, x, s) -> {
                  var from = s == null ? null : new StLstm.State(s.get(0), s.get(1), s.get(2));
                  var out = cell.forward(pass, x, from);
                  var last = out.last();
                  return new Session.Step(out.y(), List.of(last.h(), last.c(), last.m()));
                });
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
      Problem p, RnnBuilder builder, Weights weights, DeviceArena arena) {
    var rnn =
        builder
            .type(p.type())
            .layers(p.layers())
            .bidirectional(p.bidirectional())
            .build(weights, arena);
    var lengths = p.sequenceLengths();
    boolean cell = p.cell() == LSTM;
    var state = Shape.of((p.bidirectional() ? 2 : 1) * p.layers(), p.batch(), p.hidden());
    return new Network(
        rnn.parameters(),
        Collections.nCopies(cell ? 2 : 1, state),
        (pass, x, s) -> {
          var from = s == null ? null : new Rnn.State(s.get(0), cell ? s.get(1) : null);
          var out = rnn.forward(pass, x, lengths, from);
          return new Session.Step(out.y(), cell ? List.of(out.h(), out.c()) : List.of(out.h()));
        });
  }

  /** One layer of cells over frames, from the width of its input and the suffix of its names. */
  private interface LayerOf {
    Network build(int input, String suffix);
  }

  private static Shape frame(Problem p) {
    return Shape.of(p.batch(), p.height(), p.width(), p.hidden());
  }

  private static Network stack(Problem p, LayerOf layer) {
    var layers = new ArrayList<Network>();
    for (int l = 0; l < p.layers(); l++) {
      layers.add(layer.build(l == 0 ? p.input() : p.hidden(), "_l" + l));
    }
    return new Network(
        layers.stream().flatMap(n -> n.parameters.stream()).toList(),
        layers.stream().flatMap(n -> n.states.stream()).toList(),
        (pass, x, states) -> {
          var after = new ArrayList<Tensor>();
          for (var network : layers) {
            int from = after.size();
            int to = from + network.states.size();
            var step =
                network.model.step(pass, x, states == null ? null : states.subList(from, to));
            after.addAll(step.after());
            x = step.y();
          }
          return new Session.Step(x, after);
        });
  }

  /**
   * A network of cells.
   *
   * @param parameters with their names
   * @param states shapes of what one input leaves to the next
   * @param model from x [T, N, ...] and the states before, or null for zeros, to y [T, N, ...] and
   *     the states after
   */
  record Network(List<Parameter> parameters, List<Shape> states, Session.Model model)
      implements Layer {}

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
