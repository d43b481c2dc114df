package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of everything that is differentiated: a layer is added by a line. */
final class Nets {
  /** Rows by name. */
  static final Map<String, Net.Row> ROWS = new LinkedHashMap<>();

  static {
    ROWS.put(
        "lstm", (d, type, arena) -> rnn(d, type, arena, plain(d, Rnn.lstm(d.units(), d.units()))));
    ROWS.put("lstm, all options", (d, type, arena) -> rnn(d, type, arena, lstm(d)));
    ROWS.put("gru", (d, type, arena) -> rnn(d, type, arena, gru(d, Rnn.gru(d.units(), d.units()))));
    ROWS.put(
        "gru, reset before",
        (d, type, arena) -> rnn(d, type, arena, gru(d, Rnn.gruResetBefore(d.units(), d.units()))));
    ROWS.put(
        "tanh", (d, type, arena) -> rnn(d, type, arena, plain(d, Rnn.tanh(d.units(), d.units()))));
    ROWS.put(
        "relu", (d, type, arena) -> rnn(d, type, arena, plain(d, Rnn.relu(d.units(), d.units()))));
    ROWS.put("convlstm", FrameNets::convLstm);
    ROWS.put("convlstm without input", FrameNets::convLstmWithoutInput);
    ROWS.put(
        "encoder-forecaster",
        (d, type, arena) -> FrameNets.encoderForecaster(d, type, arena, FrameCell.CONV_LSTM));
    ROWS.put(
        "encoder-forecaster, convgru",
        (d, type, arena) -> FrameNets.encoderForecaster(d, type, arena, FrameCell.CONV_GRU));
    ROWS.put("linear", Nets::linear);
    ROWS.put("conv2d", FrameNets::conv2d);
    ROWS.put("patch", FrameNets::patch);
    ROWS.put("concat", Nets::concat);
    ROWS.put("sigmoid", Nets::sigmoid);
    ROWS.put("mse", (d, type, arena) -> loss(d, type, Loss.mse()));
    ROWS.put("bce with logits", (d, type, arena) -> loss(d, type, Loss.bceWithLogits()));
    ROWS.putAll(SpatioTemporalNets.ROWS);
    ROWS.putAll(SequenceNets.ROWS);
    ROWS.putAll(ModelNets.ROWS);
  }

  private Nets() {}

  static RnnBuilder plain(Dice dice, RnnBuilder builder) {
    return builder.layers(dice.size(1, 3)).bidirectional(dice.coin()).bias(!dice.coin());
  }

  private static RnnBuilder gru(Dice dice, RnnBuilder builder) {
    return plain(dice, builder).blend(dice.one(Blend.KEEP, Blend.UPDATE));
  }

  private static RnnBuilder lstm(Dice dice) {
    int hidden = dice.units();
    var builder =
        plain(dice, Rnn.lstm(dice.units(), hidden))
            .projection(dice.coin() ? dice.size(1, hidden) : 0)
            .peephole(dice.coin())
            .forgetBias(dice.one(0.0, -0.5, 1.0));
    return dice.coin()
        ? builder.cellClip(0.3, dice.one(CellClip.Mode.STORE, CellClip.Mode.READ))
        : builder;
  }

  static Net rnn(Dice dice, DType type, DeviceArena arena, RnnBuilder builder) {
    var rnn = dice.filled(builder.type(type).build(Weights.random(1), arena));
    var spec = rnn.spec();
    int steps = dice.size(1, 6);
    int batch = dice.size(1, 4);
    var lengths = dice.coin() ? dice.lengths(batch, steps) : null;
    boolean h0 = dice.coin();
    boolean c0 = spec.kind().states() > 1 && dice.coin();
    long states = (long) spec.layers() * spec.directions();
    var inputs = new ArrayList<Net.Input>();
    inputs.add(dice.input(Shape.of(steps, batch, spec.input())));
    if (h0) {
      inputs.add(dice.input(Shape.of(states, batch, spec.output())));
    }
    if (c0) {
      inputs.add(dice.input(Shape.of(states, batch, spec.hidden())));
    }
    var config = spec + ", T " + steps + ", N " + batch + ", " + Arrays.toString(lengths);
    return new Net(
        config + ", h0 " + h0 + ", c0 " + c0,
        type,
        List.of(rnn),
        inputs,
        (pass, in) -> {
          var state = new Rnn.State(h0 ? in.get(1) : null, c0 ? in.getLast() : null);
          var out = rnn.forward(pass, in.getFirst(), lengths, h0 || c0 ? state : null);
          return out.c() == null ? List.of(out.y(), out.h()) : List.of(out.y(), out.h(), out.c());
        });
  }

  private static Net linear(Dice dice, DType type, DeviceArena arena) {
    int inputs = dice.units();
    var layer = dice.filled(new Linear(inputs, dice.units(), type, Weights.random(1), arena));
    var x = dice.input(Shape.of(dice.size(1, 3), dice.size(1, 5), inputs));
    return new Net(
        "x " + x.shape() + ", W " + layer.parameters().getFirst().value(),
        type,
        List.of(layer),
        List.of(x),
        (pass, in) -> List.of(layer.forward(pass, in.getFirst())));
  }

  private static Net concat(Dice dice, DType type, DeviceArena arena) {
    int rows = dice.size(1, 4);
    var inputs = new ArrayList<Net.Input>();
    for (int part = dice.size(1, 3); part > 0; part--) {
      inputs.add(dice.input(Shape.of(2, rows, dice.units())));
    }
    return new Net(
        inputs.stream().map(Net.Input::shape).toList().toString(),
        type,
        List.of(),
        inputs,
        (pass, in) -> List.of(Elementwise.sigmoid(pass, Elementwise.concat(pass, in))));
  }

  private static Net sigmoid(Dice dice, DType type, DeviceArena arena) {
    var shape = Shape.of(dice.size(1, 3), dice.units());
    var x = new Net.Input(shape, dice.numbers(shape.elements(), 12), true);
    return new Net(
        "x " + shape,
        type,
        List.of(),
        List.of(x),
        (pass, in) -> List.of(Elementwise.sigmoid(pass, in.getFirst())));
  }

  private static Net loss(Dice dice, DType type, Loss loss) {
    var shape = Shape.of(dice.size(1, 3), dice.units());
    var target = dice.numbers(shape.elements(), 0.5);
    for (int i = 0; i < target.length; i++) {
      target[i] += 0.5;
    }
    var predicted = new Net.Input(shape, dice.numbers(shape.elements(), 5), true);
    return new Net(
        "p " + shape,
        type,
        List.of(),
        List.of(predicted, new Net.Input(shape, target, false)),
        (pass, in) -> List.of(loss.of(pass, in.get(0), in.get(1))));
  }
}
