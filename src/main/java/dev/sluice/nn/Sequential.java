package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * x: [T, N, C], [N, C] or tokens [T, N] to y: one block after the other, as in Keras, with Keras'
 * names, beginnings, biases and counts. Parameters: {@code lstm.weight_ih_l0}, {@code
 * dense_1.bias}, the block's name in {@link #summary} and its layer's own.
 *
 * <pre>{@code
 * var model =
 *     Sequential.of(embedding(2800, 32), lstm(32), dense(256, RELU), dense(1, SIGMOID))
 *         .build(Weights.random(1), arena);
 * System.out.println(model.summary());
 * }</pre>
 *
 * <p>Every count is of parameters that are there: a Keras LSTM has one bias where PyTorch has two,
 * and so has {@link Block#lstm}, see {@link RnnBuilder#kerasBiases}; {@code lstm(32).with(b ->
 * b.kerasBiases(false))} has two and counts two.
 */
public final class Sequential implements Layer {
  /** Stands for any number of steps. */
  public static final long ANY = Shapes.ANY;

  private final Form input;
  private final DType type;
  private final List<String> names;
  private final List<Block.Stage> stages;
  private final List<Parameter> parameters = new ArrayList<>();

  private Sequential(Form input, DType type, List<String> names, List<Block.Stage> stages) {
    this.input = input;
    this.type = type;
    this.names = List.copyOf(names);
    this.stages = List.copyOf(stages);
    for (int i = 0; i < stages.size(); i++) {
      var name = names.get(i);
      stages.get(i).parameters().forEach(p -> parameters.add(p.within(name)));
    }
  }

  /**
   * {@return a builder of a model}
   *
   * @param blocks the first one first
   */
  public static Builder of(Block... blocks) {
    return new Builder(List.of(blocks));
  }

  /** What a model is, before it has weights. */
  public static final class Builder {
    private final List<Block> blocks;
    private long[] sample;
    private DType type = DType.FLOAT32;

    private Builder(List<Block> blocks) {
      if (blocks.isEmpty()) {
        throw new IllegalArgumentException("sequential: expected at least one block, got none");
      }
      this.blocks = blocks;
    }

    /**
     * {@return this, with the shape of a sample: T and C of a series, T being {@link #ANY} where it
     * varies; C alone without steps; T alone of tokens, where it need not be said}
     *
     * @param sizes without the batch
     */
    public Builder input(long... sizes) {
      for (int i = 0; i < sizes.length; i++) {
        if (sizes[i] < 1 && !(i == 0 && sizes[i] == ANY)) {
          throw new IllegalArgumentException(
              "sequential: input: expected sizes >= 1, the first of them or ANY, got "
                  + Arrays.toString(sizes));
        }
      }
      sample = sizes.clone();
      return this;
    }

    /**
     * {@return this, with another element type}
     *
     * @param value float64 for gradient checks on the CPU engine
     */
    public Builder type(DType value) {
      type = value;
      return this;
    }

    /**
     * {@return the model}
     *
     * @param weights where its numbers come from
     * @param arena where they live
     */
    public Sequential build(Weights weights, DeviceArena arena) {
      var input = input();
      var form = input;
      var seen = new HashMap<String, Integer>();
      var names = new ArrayList<String>();
      var stages = new ArrayList<Block.Stage>();
      for (var block : blocks) {
        var name = snake(block.type(form));
        int count = seen.merge(name, 1, Integer::sum) - 1;
        names.add(count == 0 ? name : name + "_" + count);
        stages.add(block.build(form, type, weights.at(names.getLast()), arena));
        form = stages.getLast().form();
      }
      return new Sequential(input, type, names, stages);
    }

    private Form input() {
      if (blocks.getFirst().tokens()) {
        return new Form(true, sample == null ? ANY : sample[0], Shape.of());
      }
      if (sample == null || sample.length == 0) {
        throw new IllegalArgumentException(
            "sequential: expected input(...), the shape of a sample, where the first block is no"
                + " embedding, got none");
      }
      if (sample.length == 1 && sample[0] == ANY) {
        throw new IllegalArgumentException(
            "sequential: input: expected C of a sample without steps, got ANY");
      }
      return sample.length == 1
          ? Form.of(sample)
          : new Form(true, sample[0], Shape.of(Arrays.copyOfRange(sample, 1, sample.length)));
    }

    /** SimpleRNN to simple_rnn. */
    private static String snake(String type) {
      return type.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Runs series of equal length, or samples.
   *
   * @param pass holds what is computed
   * @param x [T, N, C], or [N, C] in a model without steps
   * @return y [N, K], or [T, N, K] where no block takes the last step
   */
  public Tensor forward(Pass pass, Tensor x) {
    return forward(pass, x, null);
  }

  /**
   * Runs series.
   *
   * @param pass holds what is computed
   * @param x [T, N, C]
   * @param lengths of the N series, 0 to T, in any order; null if all are T
   * @return y [N, K], or [T, N, K] where no block takes the last step
   */
  public Tensor forward(Pass pass, Tensor x, int[] lengths) {
    Shapes.check("sequential: x", x, tokens() ? DType.INT32 : type, input.names(), input.batch());
    if (lengths != null && !input.series()) {
      throw new IllegalArgumentException(
          "sequential: lengths: expected none, since samples have no steps, got some");
    }
    var y = x;
    for (var stage : stages) {
      y = stage.step().of(pass, y, lengths);
    }
    return y;
  }

  /**
   * Runs tokens of equal length.
   *
   * @param pass holds what is computed
   * @param shape [T, N]
   * @param tokens row-major, all samples' first ones first
   * @return y [N, K], or [T, N, K] where no block takes the last step
   */
  public Tensor forward(Pass pass, Shape shape, int... tokens) {
    return forward(pass, shape, tokens, null);
  }

  /**
   * Runs tokens.
   *
   * @param pass holds what is computed
   * @param shape [T, N]
   * @param tokens row-major, all samples' first ones first; any of the vocabulary past a series'
   *     end
   * @param lengths of the N series, 0 to T, in any order; null if all are T
   * @return y [N, K], or [T, N, K] where no block takes the last step
   */
  public Tensor forward(Pass pass, Shape shape, int[] tokens, int[] lengths) {
    if (!tokens()) {
      throw new IllegalArgumentException(
          "sequential: expected numbers, since the first block is no embedding, got tokens");
    }
    return forward(pass, pass.empty(DType.INT32, shape).set(tokens), lengths);
  }

  private boolean tokens() {
    return input.dims().rank() == 0;
  }

  /** {@return Keras' table: each block's name, kind, output and count, and the counts' sum} */
  public String summary() {
    var rows =
        IntStream.range(0, stages.size())
            .mapToObj(
                i ->
                    new SummaryTable.Row(
                        names.get(i) + " (" + stages.get(i).type() + ")",
                        stages.get(i).form().toString(),
                        count(stages.get(i).parameters())))
            .toList();
    return new SummaryTable("sequential", rows, type).toString();
  }

  private static long count(List<Parameter> parameters) {
    return parameters.stream().mapToLong(p -> p.value().shape().elements()).sum();
  }
}
