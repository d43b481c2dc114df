package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.function.IntFunction;

/**
 * What stands at a place of a {@link Sequential}, before it has weights; its input's width comes
 * from the block before. Beginnings and biases are those of Keras.
 */
public abstract sealed class Block permits RecurrentBlock, Block.Plain {
  private static final String EMBEDDING = "Embedding";

  /** A layer that has its place. */
  record Stage(String type, List<Parameter> parameters, Form form, Step step) {}

  /** What a stage does. */
  interface Step {
    /**
     * Runs it.
     *
     * @param x of the form before
     * @param lengths of the N series, or null
     */
    Tensor of(Pass pass, Tensor x, int[] lengths);
  }

  /** Makes a stage. */
  interface Maker {
    Stage make(String type, Form in, DType real, Weights weights, DeviceArena arena);
  }

  Block() {}

  /** The name of its kind in Keras. */
  abstract String type(Form in);

  abstract Stage build(Form in, DType real, Weights weights, DeviceArena arena);

  /** Whether it reads tokens. */
  boolean tokens() {
    return false;
  }

  /** A block without options. */
  static final class Plain extends Block {
    private final String type;
    private final Maker maker;

    private Plain(String type, Maker maker) {
      this.type = type;
      this.maker = maker;
    }

    @Override
    String type(Form in) {
      return type;
    }

    @Override
    boolean tokens() {
      return type.equals(EMBEDDING);
    }

    @Override
    Stage build(Form in, DType real, Weights weights, DeviceArena arena) {
      return maker.make(type, in, real, weights, arena);
    }
  }

  /**
   * {@return tokens [T, N] to [T, N, C], the first block of a model of tokens}
   *
   * @param vocabulary V
   * @param width C
   */
  public static Block embedding(int vocabulary, int width) {
    return new Plain(
        EMBEDDING,
        (type, in, real, weights, arena) -> {
          if (!in.series() || in.dims().rank() > 0) {
            throw new IllegalArgumentException(
                "embedding: expected to be the first block, which reads tokens, got " + in);
          }
          var init = Init.uniform(0.05);
          var table = new Embedding(vocabulary, width, real, init, weights, arena);
          Step step = (pass, x, _) -> table.forward(pass, x.shape(), x.ints());
          return new Stage(type, table.parameters(), in.with(Shape.of(width)), step);
        });
  }

  /**
   * {@return an LSTM, [T, N, C] to [N, H], the last step's output}
   *
   * @param units H
   */
  public static RecurrentBlock lstm(int units) {
    return keras(width -> Rnn.lstm(width, units));
  }

  /**
   * {@return a GRU with the reset after, as Keras has it, [T, N, C] to [N, H]}
   *
   * @param units H
   */
  public static RecurrentBlock gru(int units) {
    return keras(width -> Rnn.gru(width, units));
  }

  /**
   * {@return a GRU with the reset before, [T, N, C] to [N, H]}
   *
   * @param units H
   */
  public static RecurrentBlock gruResetBefore(int units) {
    return keras(width -> Rnn.gruResetBefore(width, units));
  }

  /**
   * {@return an Elman network with tanh, [T, N, C] to [N, H]}
   *
   * @param units H
   */
  public static RecurrentBlock simpleRnn(int units) {
    return keras(width -> Rnn.tanh(width, units));
  }

  private static RecurrentBlock keras(IntFunction<RnnBuilder> builder) {
    return recurrent(width -> builder.apply(width).kerasBiases(true).init(RnnInit.KERAS));
  }

  /**
   * {@return any recurrent network, with the options of its builder: {@code recurrent(width ->
   * Rnn.relu(width, 100).init(RnnInit.IRNN))}; [T, N, C] to [N, D H], the last layer's states after
   * the last step of each direction}
   *
   * @param builder makes it from C; the type of its tensors is the model's
   */
  public static RecurrentBlock recurrent(IntFunction<RnnBuilder> builder) {
    return new RecurrentBlock(builder, false);
  }

  /**
   * {@return [..., C] to [..., K], at every step if there are steps}
   *
   * @param units K
   */
  public static Block dense(int units) {
    return dense(units, null);
  }

  /**
   * {@return [..., C] to [..., K], at every step if there are steps}
   *
   * @param units K
   * @param activation of the sums
   */
  public static Block dense(int units, Activation activation) {
    return new Plain(
        "Dense",
        (type, in, real, weights, arena) -> {
          requireWidth("dense", in);
          var layer = new Dense(in.width(), units, activation, real, weights, arena);
          var dims = in.dims().dims();
          dims[dims.length - 1] = units;
          Step step = (pass, x, _) -> layer.forward(pass, x);
          return new Stage(type, layer.parameters(), in.with(Shape.of(dims)), step);
        });
  }

  /**
   * {@return [...] to the same, elements dropped in training; its pass needs a seed}
   *
   * @param p the probability that an element is dropped
   */
  public static Block dropout(double p) {
    var layer = new Dropout(p);
    return new Plain(
        "Dropout",
        (type, in, _, _, _) -> {
          requireWidth("dropout", in);
          return new Stage(type, List.of(), in, (pass, x, _) -> layer.forward(pass, x));
        });
  }

  /** {@return [T, N, ...] or [N, ...] to [N, K], steps outermost; needs a known T} */
  public static Block flatten() {
    return new Plain(
        "Flatten",
        (type, in, _, _, _) -> {
          requireWidth("flatten", in);
          if (in.series() && in.steps() == Sequential.ANY) {
            throw new IllegalArgumentException(
                "flatten: expected a known number of steps, input(T, ...), got " + in);
          }
          long width = in.dims().elements() * (in.series() ? in.steps() : 1);
          Step step = in.series() ? Block::flat : (_, x, _) -> x.reshape(flat(x, width));
          return new Stage(type, List.of(), Form.of(width), step);
        });
  }

  private static Tensor flat(Pass pass, Tensor x, int[] lengths) {
    if (lengths != null) {
      throw new IllegalArgumentException(
          "flatten: expected series of equal length, got lengths of their own");
    }
    var samples = Elementwise.transposed(pass, x);
    return samples.reshape(flat(samples, samples.shape().inner().elements()));
  }

  private static Shape flat(Tensor x, long width) {
    return Shape.of(x.shape().dim(0), width);
  }

  /**
   * {@return a block at every step, [T, N, ...] to [T, N, ...]}
   *
   * @param block that needs no steps: dense, dropout, flatten
   */
  public static Block timeDistributed(Block block) {
    return new Plain(
        "TimeDistributed",
        (type, in, real, weights, arena) -> {
          if (!in.series()) {
            throw new IllegalArgumentException(
                "time distributed: expected an input with steps, got " + in);
          }
          requireWidth("time distributed", in);
          var inner = block.build(Form.of(in.dims().dims()), real, weights, arena);
          Step step =
              (pass, x, lengths) -> {
                long t = x.shape().dim(0);
                long n = x.shape().dim(1);
                var y = inner.step.of(pass, x.reshape(in.dims().outer(t * n)), null);
                return y.reshape(y.shape().inner().outer(n).outer(t));
              };
          return new Stage(type, inner.parameters, in.with(inner.form.dims()), step);
        });
  }

  static void requireWidth(String block, Form in) {
    if (in.dims().rank() == 0) {
      throw new IllegalArgumentException(
          block + ": expected numbers, got tokens " + in + "; an embedding reads tokens");
    }
  }

  /** Keras' name of a kind of network. */
  static String name(RnnSpec spec) {
    if (spec.bidirectional()) {
      return "Bidirectional";
    }
    return switch (spec.kind()) {
      case LSTM -> "LSTM";
      case GRU_RESET_AFTER, GRU_RESET_BEFORE -> "GRU";
      case RNN_TANH, RNN_RELU -> "SimpleRNN";
    };
  }
}
