package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows of the table of {@link Nets}: ConvGRU, and the cells and models of PredRNN. */
final class SpatioTemporalNets {
  static final Map<String, Net.Row> ROWS = new LinkedHashMap<>();

  static {
    ROWS.put("convgru", SpatioTemporalNets::convGru);
    ROWS.put("layer norm", SpatioTemporalNets::layerNorm);
    ROWS.put("stlstm", (d, type, arena) -> stLstm(d, type, arena, false));
    ROWS.put("stlstm, layer norm", (d, type, arena) -> stLstm(d, type, arena, true));
    ROWS.put("ghu", (d, type, arena) -> ghu(d, type, arena, false));
    ROWS.put("ghu, layer norm", (d, type, arena) -> ghu(d, type, arena, true));
    ROWS.put("causal lstm", (d, type, arena) -> causalLstm(d, type, arena, false));
    ROWS.put("causal lstm, layer norm", (d, type, arena) -> causalLstm(d, type, arena, true));
    ROWS.put("predrnn", (d, type, arena) -> predRnn(d, type, arena, false));
    ROWS.put("predrnn, decoupled", (d, type, arena) -> predRnn(d, type, arena, true));
  }

  private SpatioTemporalNets() {}

  /** The sizes of a trip, of one pixel and up, and of a kernel that may be larger than a frame. */
  private record Sizes(
      int steps, int batch, int height, int width, int inputs, int hidden, int kh, int kw) {
    static Sizes draw(Dice dice) {
      return new Sizes(
          dice.size(1, 3),
          dice.size(1, 3),
          dice.size(1, 5),
          dice.size(1, 6),
          dice.channels(),
          dice.channels(),
          dice.one(1, 3, 5),
          dice.one(1, 5, 3));
    }

    Net.Input frames(Dice dice) {
      return dice.input(Shape.of(steps, batch, height, width, inputs));
    }

    Net.Input state(Dice dice) {
      return dice.input(Shape.of(batch, height, width, hidden));
    }

    /** The inputs x, and three states or none. */
    List<Net.Input> inputs(Dice dice) {
      var all = new ArrayList<>(List.of(frames(dice)));
      for (int i = dice.coin() ? 3 : 0; i > 0; i--) {
        all.add(state(dice));
      }
      return all;
    }

    ConvLstm.Config.Frame frame(boolean wanted) {
      return wanted ? new ConvLstm.Config.Frame(height, width) : null;
    }
  }

  private static Net convGru(Dice dice, DType type, DeviceArena arena) {
    var sizes = Sizes.draw(dice);
    var config =
        new ConvGru.Config(
            sizes.inputs,
            sizes.hidden,
            sizes.kh,
            sizes.kw,
            dice.one(ConvGru.Reset.BEFORE, ConvGru.Reset.AFTER),
            dice.coin() ? Blend.UPDATE : Blend.KEEP);
    var cell = dice.filled(new ConvGru(config, type, "", Weights.random(1), arena));
    var inputs = new ArrayList<>(List.of(sizes.frames(dice)));
    if (dice.coin()) {
      inputs.add(sizes.state(dice));
    }
    return new Net(
        config + ", " + sizes + ", inputs " + inputs.size(),
        type,
        List.of(cell),
        inputs,
        (pass, in) -> {
          var out = cell.forward(pass, in.getFirst(), in.size() > 1 ? in.get(1) : null);
          return List.of(out.y(), out.h());
        });
  }

  private static Net layerNorm(Dice dice, DType type, DeviceArena arena) {
    var sizes = Sizes.draw(dice);
    var norm =
        dice.filled(
            new LayerNorm(sizes.inputs, sizes.height, sizes.width, type, Weights.random(1), arena));
    return new Net(
        sizes.toString(),
        type,
        List.of(norm),
        List.of(sizes.frames(dice)),
        (pass, in) -> List.of(norm.forward(pass, in.getFirst())));
  }

  private static Net stLstm(Dice dice, DType type, DeviceArena arena, boolean norm) {
    var sizes = Sizes.draw(dice);
    var config =
        new StLstm.Config(sizes.inputs, sizes.hidden, sizes.kh, sizes.kw, sizes.frame(norm));
    var cell = dice.filled(new StLstm(config, type, Weights.random(1), arena));
    var inputs = sizes.inputs(dice);
    return new Net(
        config + ", " + sizes + ", inputs " + inputs.size(),
        type,
        List.of(cell),
        inputs,
        (pass, in) -> {
          var state = in.size() > 1 ? new StLstm.State(in.get(1), in.get(2), in.get(3)) : null;
          var out = cell.forward(pass, in.getFirst(), state);
          return List.of(out.y(), out.last().h(), out.last().c(), out.last().m());
        });
  }

  private static Net ghu(Dice dice, DType type, DeviceArena arena, boolean norm) {
    var sizes = Sizes.draw(dice);
    var config = new Ghu.Config(sizes.hidden, sizes.kh, sizes.kw, sizes.frame(norm));
    var unit = dice.filled(new Ghu(config, type, Weights.random(1), arena));
    var inputs = new ArrayList<Net.Input>();
    inputs.add(
        dice.input(Shape.of(sizes.steps, sizes.batch, sizes.height, sizes.width, sizes.hidden)));
    if (dice.coin()) {
      inputs.add(sizes.state(dice));
    }
    return new Net(
        config + ", " + sizes + ", inputs " + inputs.size(),
        type,
        List.of(unit),
        inputs,
        (pass, in) -> List.of(unit.forward(pass, in.getFirst(), in.size() > 1 ? in.get(1) : null)));
  }

  private static Net causalLstm(Dice dice, DType type, DeviceArena arena, boolean norm) {
    var sizes = Sizes.draw(dice);
    var config =
        new CausalLstm.Config(sizes.inputs, sizes.hidden, sizes.kh, sizes.kw, sizes.frame(norm));
    var cell = dice.filled(new CausalLstm(config, type, Weights.random(1), arena));
    var inputs = sizes.inputs(dice);
    return new Net(
        config + ", " + sizes + ", inputs " + inputs.size(),
        type,
        List.of(cell),
        inputs,
        (pass, in) -> {
          var state = in.size() > 1 ? new CausalLstm.State(in.get(1), in.get(2), in.get(3)) : null;
          var out = cell.forward(pass, in.getFirst(), state);
          return List.of(out.y(), out.last().h(), out.last().c(), out.last().m());
        });
  }

  private static Net predRnn(Dice dice, DType type, DeviceArena arena, boolean decoupled) {
    int batch = dice.size(1, 2);
    int total = dice.size(2, 5);
    int seen = dice.size(1, total - 1);
    int patch = dice.size(1, 2);
    int height = dice.size(1, 3);
    int width = dice.size(1, 4);
    int hidden = dice.channels();
    var config =
        new PredRnn.Config(
            dice.size(1, 2),
            dice.coin() ? List.of(hidden, hidden) : List.of(hidden),
            dice.one(1, 3),
            patch,
            dice.coin() ? new ConvLstm.Config.Frame(height, width) : null,
            dice.coin(),
            decoupled ? 0.3 : 0);
    var model = dice.filled(new PredRnn(config, type, Weights.random(1), arena));
    var mask = new float[batch * config.maskLength(total, seen)];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = dice.numbers(1, 1)[0] > 0 ? 1 : 0;
    }
    var frames =
        Shape.of(total, batch, (long) height * patch, (long) width * patch, config.channels());
    return new Net(
        "%s, x %s, seen %d".formatted(config, frames, seen),
        type,
        List.of(model),
        List.of(dice.input(frames)),
        (pass, in) -> {
          var out = model.forward(pass, in.getFirst(), seen, mask);
          var outputs = new ArrayList<Tensor>(List.of(out.y(), out.m()));
          outputs.addAll(out.h());
          outputs.addAll(out.c());
          if (decoupled) {
            outputs.add(model.whole(pass, out.decouple(), out));
          }
          return outputs;
        });
  }
}
