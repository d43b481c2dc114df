package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/** Rows of {@link Nets} that see frames. */
final class FrameNets {
  private FrameNets() {}

  /** The size of frames, which may be smaller than the kernel. */
  private record Frames(int steps, int batch, int height, int width) {
    static Frames draw(Dice dice) {
      return new Frames(dice.size(1, 3), dice.size(1, 3), dice.size(1, 5), dice.size(1, 6));
    }

    ConvLstm.Config.Frame frame() {
      return new ConvLstm.Config.Frame(height, width);
    }

    /** A sequence, and as many states or none. */
    List<Net.Input> inputs(Dice dice, int channels, int hidden, int states) {
      var inputs = new ArrayList<Net.Input>();
      inputs.add(dice.input(states(channels).outer(steps)));
      boolean given = dice.coin();
      for (int state = 0; given && state < states; state++) {
        inputs.add(dice.input(states(hidden)));
      }
      return inputs;
    }

    Shape states(int channels) {
      return Shape.of(batch, height, width, channels);
    }
  }

  private static ConvLstm convLstm(
      Dice dice, DType type, DeviceArena arena, Frames frames, int inputs) {
    var peephole = dice.coin() ? frames.frame() : null;
    var config =
        new ConvLstm.Config(
            inputs, dice.channels(), dice.one(1, 3, 5), dice.one(1, 3, 7), peephole);
    return dice.filled(new ConvLstm(config, type, "", Weights.random(1), arena));
  }

  static Net convLstm(Dice dice, DType type, DeviceArena arena) {
    var frames = Frames.draw(dice);
    var cell = convLstm(dice, type, arena, frames, dice.channels());
    var inputs = frames.inputs(dice, cell.config().inputs(), cell.config().hidden(), 2);
    return new Net(
        cell.config() + ", " + frames + ", inputs " + inputs.size(),
        type,
        List.of(cell),
        inputs,
        (pass, in) -> {
          var initial = in.size() > 1 ? new ConvLstm.State(in.get(1), in.get(2)) : null;
          return outputs(cell.forward(pass, in.getFirst(), initial));
        });
  }

  static Net convLstmWithoutInput(Dice dice, DType type, DeviceArena arena) {
    var frames = Frames.draw(dice);
    var cell = convLstm(dice, type, arena, frames, 0);
    var state = frames.states(cell.config().hidden());
    return new Net(
        cell.config() + ", " + frames,
        type,
        List.of(cell),
        List.of(dice.input(state), dice.input(state)),
        (pass, in) ->
            outputs(cell.forward(pass, frames.steps, new ConvLstm.State(in.get(0), in.get(1)))));
  }

  private static List<Tensor> outputs(ConvLstm.Output output) {
    return List.of(output.y(), output.last().h(), output.last().c());
  }

  static Net encoderForecaster(Dice dice, DType type, DeviceArena arena, FrameCell cell) {
    var frames = Frames.draw(dice);
    int patch = dice.size(1, 2);
    var hidden = dice.coin() ? List.of(dice.channels(), dice.channels()) : List.of(dice.channels());
    var frame = dice.coin() && cell == FrameCell.CONV_LSTM ? frames.frame() : null;
    var config =
        new EncoderForecaster.Config(
            cell, dice.size(1, 2), hidden, dice.one(1, 3), patch, frame, dice.coin());
    var model = dice.filled(new EncoderForecaster(config, type, Weights.random(1), arena));
    var shape =
        Shape.of(
            frames.steps,
            frames.batch,
            (long) frames.height * patch,
            (long) frames.width * patch,
            config.channels());
    int ahead = dice.size(1, 3);
    return new Net(
        config + ", " + frames + ", ahead " + ahead,
        type,
        List.of(model),
        List.of(dice.input(shape)),
        (pass, in) -> List.of(model.forward(pass, in.getFirst(), ahead)));
  }

  static Net conv2d(Dice dice, DType type, DeviceArena arena) {
    int inputs = dice.channels();
    var config =
        new Conv2d.Config(
            inputs,
            dice.channels(),
            dice.one(1, 3, 5),
            dice.one(1, 3, 7),
            dice.coin() ? Init.zeros() : null);
    var layer = dice.filled(new Conv2d(config, type, Weights.random(1), arena));
    var x = dice.input(Frames.draw(dice).states(inputs));
    return new Net(
        config + ", x " + x.shape(),
        type,
        List.of(layer),
        List.of(x),
        (pass, in) -> List.of(layer.forward(pass, in.getFirst())));
  }

  static Net patch(Dice dice, DType type, DeviceArena arena) {
    int size = dice.size(1, 3);
    int channels = dice.size(1, 3);
    boolean join = dice.coin();
    int square = size * size;
    var x =
        dice.input(
            join
                ? Shape.of(2, dice.size(1, 3), dice.size(1, 3), (long) channels * square)
                : Shape.of(2, (long) size * dice.size(1, 3), (long) size * 2, channels));
    return new Net(
        "p " + size + ", x " + x.shape() + ", join " + join,
        type,
        List.of(),
        List.of(x),
        (pass, in) -> {
          var patch = new Patch(size);

          var y = join ? patch.join(pass, in.getFirst()) : patch.split(pass, in.getFirst());
          return List.of(Elementwise.sigmoid(pass, y));
        });
  }
}
