package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** A {@link Block} that remembers: [T, N, C] to the last step's output or to every step's. */
public final class RecurrentBlock extends Block {
  private final IntFunction<RnnBuilder> builder;
  private final boolean sequences;

  RecurrentBlock(IntFunction<RnnBuilder> builder, boolean sequences) {
    this.builder = builder;
    this.sequences = sequences;
  }

  /** {@return this, giving every step's output, [T, N, D H], zero past a series' end} */
  public RecurrentBlock sequences() {
    return new RecurrentBlock(builder, true);
  }

  /**
   * {@return this, giving only the output after each series' own end, [N, D H], of a second
   * direction that after its start}
   */
  public RecurrentBlock last() {
    return new RecurrentBlock(builder, false);
  }

  /** {@return this, with a second direction whose output stands beside the first's} */
  public RecurrentBlock bidirectional() {
    return with(RnnBuilder::bidirectional);
  }

  /**
   * {@return this, with more options: {@code lstm(32).with(b -> b.layers(2).kerasBiases(false))}}
   *
   * @param options changes the builder
   */
  public RecurrentBlock with(UnaryOperator<RnnBuilder> options) {
    return new RecurrentBlock(width -> options.apply(builder.apply(width)), sequences);
  }

  @Override
  String type(Form in) {
    if (!in.series() || in.dims().rank() != 1) {
      throw new IllegalArgumentException(
          "recurrent block: expected steps of one axis, (None, T, C), got "
              + in
              + "; a recurrent block below gives every step with sequences()");
    }
    return name(builder.apply(in.width()).spec());
  }

  @Override
  Stage build(Form in, DType real, Weights weights, DeviceArena arena) {
    var type = type(in);
    var rnn = builder.apply(in.width()).type(real).build(weights, arena);
    var spec = rnn.spec();
    if (spec.input() != in.width()) {
      throw new IllegalArgumentException(
          "recurrent block: expected a network of input " + in.width() + ", got " + spec.input());
    }
    long width = (long) spec.directions() * spec.output();
    var form = sequences ? in.with(Shape.of(width)) : Form.of(width);
    Step step =
        (pass, x, lengths) -> {
          var output = rnn.forward(pass, x, lengths, null);
          return sequences ? output.y() : top(pass, output.h(), spec.directions());
        };
    return new Stage(type, rnn.parameters(), form, step);
  }

  /** The highest layer's states, [L D, N, H] to [N, D H]. */
  private static Tensor top(Pass pass, Tensor h, int directions) {
    long strands = h.shape().dim(0);
    var last = h.at(strands - 1);
    return directions == 1 ? last : Elementwise.concat(pass, List.of(h.at(strands - 2), last));
  }
}
