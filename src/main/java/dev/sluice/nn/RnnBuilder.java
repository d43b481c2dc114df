package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.Weights;
import java.util.ArrayList;

/** The options of a network, each with the default of PyTorch. */
public final class RnnBuilder {
  private final RnnSpec.Kind kind;
  private final int input;
  private final int hidden;
  private DType type = DType.FLOAT32;
  private int layers = 1;
  private boolean bidirectional;
  private boolean bias = true;
  private boolean kerasBiases;
  private int projection;
  private boolean peephole;
  private RnnSpec.CellClip clip = RnnSpec.CellClip.NONE;
  private double forgetBias;
  private RnnSpec.Blend blend = RnnSpec.Blend.KEEP;
  private Dropout dropout = new Dropout(0);
  private boolean engineDropout;
  private RnnInit init = RnnInit.PYTORCH;

  RnnBuilder(RnnSpec.Kind kind, int input, int hidden) {
    this.kind = kind;
    this.input = input;
    this.hidden = hidden;
  }

  /**
   * {@return this, with another element type}
   *
   * @param value float64 for gradient checks on the CPU engine
   */
  public RnnBuilder type(DType value) {
    type = value;
    return this;
  }

  /**
   * {@return this, with several layers, each reading the whole output of the one before}
   *
   * @param count L
   */
  public RnnBuilder layers(int count) {
    layers = count;
    return this;
  }

  /** {@return this, with a second direction that runs from each sequence's end} */
  public RnnBuilder bidirectional() {
    return bidirectional(true);
  }

  /**
   * {@return this, with or without a second direction}
   *
   * @param value whether there is one
   */
  public RnnBuilder bidirectional(boolean value) {
    bidirectional = value;
    return this;
  }

  /**
   * {@return this, with or without biases}
   *
   * @param value whether there are the two
   */
  public RnnBuilder bias(boolean value) {
    bias = value;
    return this;
  }

  /**
   * {@return this, with the biases of Keras: one, b_ih, where two would only add up; b_hh is then
   * zero and no parameter, neither counted nor trained nor stored. A GRU with the reset after keeps
   * both, as in Keras, since r multiplies b_hn}
   *
   * @param value whether the biases are those of Keras
   */
  public RnnBuilder kerasBiases(boolean value) {
    kerasBiases = value;
    return this;
  }

  /**
   * {@return this, with h projected: h = W_hr (o tanh(c)), W_hr [P, H]}
   *
   * @param width P, at most H; 0 for none
   */
  public RnnBuilder projection(int width) {
    projection = width;
    return this;
  }

  /**
   * {@return this, with or without diagonal peepholes, weight_p [3 H] = i, f, o}
   *
   * @param value whether there are any
   */
  public RnnBuilder peephole(boolean value) {
    peephole = value;
    return this;
  }

  /**
   * {@return this, with a bounded cell}
   *
   * @param bound its largest magnitude
   * @param mode which of the two functions of that name
   */
  public RnnBuilder cellClip(double bound, RnnSpec.CellClip.Mode mode) {
    clip = new RnnSpec.CellClip(bound, mode);
    return this;
  }

  /**
   * {@return this, with a constant inside the forget gate's sigmoid; not a parameter}
   *
   * @param value of the constant
   */
  public RnnBuilder forgetBias(double value) {
    forgetBias = value;
    return this;
  }

  /**
   * {@return this GRU, with another meaning of z}
   *
   * @param value what z weighs
   */
  public RnnBuilder blend(RnnSpec.Blend value) {
    blend = value;
    return this;
  }

  /**
   * {@return this, with dropout between the layers in training: on the input of every layer but the
   * first, never on x, y or h}
   *
   * @param p the probability that an element is dropped
   */
  public RnnBuilder dropout(double p) {
    dropout = new Dropout(p);
    return this;
  }

  /**
   * {@return this, with the same dropout by masks that the engine draws, where it can} cuDNN then
   * runs all layers in one call. Its masks are others than those of {@link #dropout}, which every
   * engine draws alike: they do not depend on the pass's seed, and training that is resumed gets
   * others than training that goes on.
   *
   * @param p the probability that an element is dropped
   */
  public RnnBuilder engineDropout(double p) {
    engineDropout = true;
    return dropout(p);
  }

  /**
   * {@return this, with parameters that begin in another way where no file says how}
   *
   * @param value {@code RnnInit.KERAS}, say
   */
  public RnnBuilder init(RnnInit value) {
    init = value;
    return this;
  }

  /**
   * {@return the network}
   *
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Rnn build(Weights weights, DeviceArena arena) {
    if (dropout.p() > 0 && layers == 1) {
      throw new IllegalArgumentException(
          "rnn: dropout lies between layers: expected 2 layers or more, got 1");
    }
    var spec = spec();
    var all = new ArrayList<Parameter>();
    spec.weights()
        .forEach(
            (name, shape) ->
                all.add(
                    Rnn.fixed(spec, kerasBiases, name)
                        ? new Parameter(name, arena.zeros(type, shape))
                        : Parameter.take(
                            weights, name, shape, init.of(spec, name, shape), type, arena)));
    return new Rnn(spec, dropout, engineDropout, kerasBiases, all, arena);
  }

  /** What the network would be. */
  RnnSpec spec() {
    return new RnnSpec(
        kind,
        type,
        input,
        hidden,
        layers,
        bidirectional,
        bias,
        projection,
        peephole,
        clip,
        forgetBias,
        blend);
  }
}
