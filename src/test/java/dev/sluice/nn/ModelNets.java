package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Rows of the table of {@link Nets}: whole models, and what only they need. */
final class ModelNets {
  /** Rows by name. */
  static final Map<String, Net.Row> ROWS = new LinkedHashMap<>();

  static {
    ROWS.put("keras biases", ModelNets::kerasBiases);
    ROWS.put("convgru without input", ModelNets::convGruWithoutInput);
    ROWS.put("frame feedback, convlstm", (d, t, a) -> feedback(d, t, a, FrameCell.CONV_LSTM));
    ROWS.put("frame feedback, convgru", (d, t, a) -> feedback(d, t, a, FrameCell.CONV_GRU));
    ROWS.put("predrnn's own loss", ModelNets::predRnn);
    ROWS.put("predrnn++", ModelNets::predRnnPlusPlus);
    ROWS.put("sequential of series", ModelNets::series);
    ROWS.put("sequential of steps", ModelNets::steps);
    ROWS.put("sequential of tokens", ModelNets::tokens);
    ROWS.put("sequential of samples", ModelNets::samples);
  }

  private ModelNets() {}

  private static Net kerasBiases(Dice dice, DType type, DeviceArena arena) {
    int c = dice.units();
    int h = dice.units();
    var kinds = List.of(Rnn.lstm(c, h), Rnn.gru(c, h), Rnn.gruResetBefore(c, h), Rnn.tanh(c, h));
    var builder = kinds.get(dice.size(0, kinds.size() - 1));
    return Nets.rnn(dice, type, arena, Nets.plain(dice, builder).kerasBiases(true));
  }

  private static Net convGruWithoutInput(Dice dice, DType type, DeviceArena arena) {
    var config =
        new ConvGru.Config(
            0,
            dice.channels(),
            dice.one(1, 3, 5),
            dice.one(1, 3, 7),
            dice.one(ConvGru.Reset.BEFORE, ConvGru.Reset.AFTER),
            dice.one(Blend.KEEP, Blend.UPDATE));
    var cell = dice.filled(new ConvGru(config, type, "", Weights.random(1), arena));
    int steps = dice.size(1, 3);
    var h = Shape.of(dice.size(1, 3), dice.size(1, 5), dice.size(1, 6), config.hidden());
    return new Net(
        config + ", T " + steps + ", h " + h,
        type,
        List.of(cell),
        List.of(dice.input(h)),
        (pass, in) -> {
          var out = cell.forward(pass, steps, in.getFirst());
          return List.of(out.y(), out.h());
        });
  }

  /** A clip for a model of frames: how much of it is seen, and how large its frames are. */
  private record Clip(int total, int seen, int batch, int patch, int height, int width, int c) {
    static Clip draw(Dice dice) {
      int total = dice.size(2, 5);
      return new Clip(
          total,
          dice.size(1, total - 1),
          dice.size(1, 2),
          dice.size(1, 2),
          dice.size(1, 3),
          dice.size(1, 4),
          dice.size(1, 2));
    }

    /** Frames to predict from, and a clip to learn, into which no loss sends a gradient. */
    List<Net.Input> inputs(Dice dice) {
      var shape = Shape.of(total, batch, (long) height * patch, (long) width * patch, c);
      var clip = new Net.Input(shape, dice.numbers(shape.elements(), 1), false);
      return List.of(dice.input(shape), clip);
    }

    ConvLstm.Config.Frame frame() {
      return new ConvLstm.Config.Frame(height, width);
    }

    /** What the model predicts of the rest, and the loss that it is trained with. */
    Net net(FrameForecaster model, Object config, DType type, Dice dice) {
      return new Net(
          config + ", " + this,
          type,
          List.of(model),
          inputs(dice),
          (pass, in) ->
              List.of(
                  model.forward(pass, in.getFirst().slice(0, seen), total - seen),
                  model.loss(pass, in.get(1), seen, Loss.mse()::of)));
    }
  }

  private static Net feedback(Dice dice, DType type, DeviceArena arena, FrameCell cell) {
    var clip = Clip.draw(dice);
    var hidden = dice.coin() ? List.of(dice.channels(), dice.channels()) : List.of(dice.channels());
    var peephole = cell == FrameCell.CONV_LSTM && dice.coin() ? clip.frame() : null;
    var config =
        new FrameFeedback.Config(
            cell, clip.c, hidden, dice.one(1, 3), clip.patch, peephole, dice.coin());
    var model = dice.filled(new FrameFeedback(config, type, Weights.random(1), arena));
    return clip.net(model, config, type, dice);
  }

  private static Net predRnn(Dice dice, DType type, DeviceArena arena) {
    var clip = Clip.draw(dice);
    int hidden = dice.channels();
    var config =
        new PredRnn.Config(
            clip.c, List.of(hidden, hidden), 3, clip.patch, null, dice.coin(), dice.one(0.0, 0.3));
    var model = dice.filled(new PredRnn(config, type, Weights.random(1), arena));
    return clip.net(model, config, type, dice);
  }

  private static Net predRnnPlusPlus(Dice dice, DType type, DeviceArena arena) {
    var clip = Clip.draw(dice);
    int hidden = dice.channels();
    var config =
        new PredRnnPlusPlus.Config(
            clip.c,
            dice.coin() ? List.of(hidden, hidden, hidden) : List.of(hidden, hidden),
            dice.one(1, 3),
            clip.patch,
            dice.coin() ? clip.frame() : null,
            dice.coin());
    var model = dice.filled(new PredRnnPlusPlus(config, type, Weights.random(1), arena));
    var mask = new float[clip.batch * config.maskLength(clip.total, clip.seen)];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = dice.numbers(1, 1)[0] > 0 ? 1 : 0;
    }
    return new Net(
        config + ", " + clip,
        type,
        List.of(model),
        clip.inputs(dice),
        (pass, in) -> {
          var out = model.forward(pass, in.getFirst(), clip.seen, mask);
          var outputs = new ArrayList<Tensor>(List.of(out.y(), out.z()));
          out.last().forEach(state -> outputs.addAll(List.of(state.h(), state.c(), state.m())));
          outputs.add(model.loss(pass, in.get(1), clip.seen, Loss.mse()::of));
          return outputs;
        });
  }

  private static RecurrentBlock recurrent(Dice dice) {
    int units = dice.units();
    var block =
        dice.one(
            Block.lstm(units),
            Block.gru(units),
            Block.gruResetBefore(units),
            Block.simpleRnn(units));
    return dice.coin() ? block.bidirectional() : block;
  }

  private static Net net(Sequential model, Net.Input x, int[] lengths) {
    var type = model.parameters().getFirst().value().type();
    return new Net(
        model.summary() + "\nx " + x.shape(),
        type,
        List.of(model),
        List.of(x),
        (pass, in) -> List.of(model.forward(pass, in.getFirst(), lengths)));
  }

  private static Net series(Dice dice, DType type, DeviceArena arena) {
    int c = dice.units();
    int steps = dice.size(1, 4);
    int batch = dice.size(1, 3);
    var model =
        Sequential.of(
                recurrent(dice).sequences(),
                Block.timeDistributed(Block.dense(dice.units(), Activation.TANH)),
                recurrent(dice).last(),
                Block.dense(dice.units(), dice.one(Activation.SIGMOID, Activation.SOFTMAX, null)))
            .input(Sequential.ANY, c)
            .type(type)
            .build(Weights.random(1), arena);
    dice.filled(model);
    var lengths = dice.coin() ? dice.lengths(batch, steps) : null;
    return net(model, dice.input(Shape.of(steps, batch, c)), lengths);
  }

  private static Net steps(Dice dice, DType type, DeviceArena arena) {
    int c = dice.size(1, 3);
    int steps = dice.size(1, 3);
    int height = dice.size(1, 3);
    var model =
        Sequential.of(
                Block.timeDistributed(Block.flatten()),
                recurrent(dice).sequences(),
                Block.flatten(),
                Block.dense(dice.units()))
            .input(steps, height, 2, c)
            .type(type)
            .build(Weights.random(1), arena);
    dice.filled(model);
    return net(model, dice.input(Shape.of(steps, dice.size(1, 3), height, 2, c)), null);
  }

  private static Net samples(Dice dice, DType type, DeviceArena arena) {
    int c = dice.units();
    var model =
        Sequential.of(
                Block.dense(dice.units(), Activation.TANH),
                Block.dropout(0),
                Block.flatten(),
                Block.dense(dice.units()))
            .input(c)
            .type(type)
            .build(Weights.random(1), arena);
    dice.filled(model);
    return net(model, dice.input(Shape.of(dice.size(1, 5), c)), null);
  }

  private static Net tokens(Dice dice, DType type, DeviceArena arena) {
    int vocabulary = dice.size(1, 5);
    int steps = dice.size(1, 4);
    int batch = dice.size(1, 3);
    var model =
        Sequential.of(
                Block.embedding(vocabulary, dice.units()),
                recurrent(dice),
                Block.dense(dice.units(), Activation.SIGMOID))
            .type(type)
            .build(Weights.random(1), arena);
    dice.filled(model);
    var tokens = IntStream.range(0, steps * batch).map(_ -> dice.size(0, vocabulary - 1)).toArray();
    var lengths = dice.coin() ? dice.lengths(batch, steps) : null;
    return new Net(
        model.summary() + "\nT " + steps + ", N " + batch,
        type,
        List.of(model),
        List.of(),
        (pass, in) -> List.of(model.forward(pass, Shape.of(steps, batch), tokens, lengths)));
  }
}
