package dev.sluice.spi;

import dev.sluice.DType;
import dev.sluice.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A recurrent network in PyTorch's canonical form.
 *
 * @param kind which cell
 * @param type of every tensor
 * @param input C, the width of x
 * @param hidden H
 * @param layers L, each reading the full output of the one before
 * @param bidirectional whether a second direction runs from each sequence's end
 * @param bias whether there are the two biases b_ih and b_hh
 * @param projection P, the width of h; 0 where h is as wide as H (LSTM only)
 * @param peephole whether the gates look at the cell (LSTM only), w_p [3H] = i, f, o
 * @param clip how the cell is bounded (LSTM only)
 * @param forgetBias a constant inside the forget gate's sigmoid (LSTM only); not a parameter
 * @param blend what z weighs (GRU only)
 */
public record RnnSpec(
    Kind kind,
    DType type,
    int input,
    int hidden,
    int layers,
    boolean bidirectional,
    boolean bias,
    int projection,
    boolean peephole,
    CellClip clip,
    double forgetBias,
    Blend blend) {
  /** The cells; the number is that of their gates. */
  public enum Kind {
    /** Elman, h = tanh(a). */
    RNN_TANH(1),
    /** Elman, h = max(a, 0). */
    RNN_RELU(1),
    /** Gate order i, f, g, o. */
    LSTM(4),
    /** Gate order r, z, n; r multiplies W_hn h + b_hn. */
    GRU_RESET_AFTER(3),
    /** Gate order r, z, n; r multiplies h before W_hn. */
    GRU_RESET_BEFORE(3);

    private final int gates;

    Kind(int gates) {
      this.gates = gates;
    }

    /** {@return row blocks of a weight matrix} */
    public int gates() {
      return gates;
    }

    /** {@return the number of states: h, and c for an LSTM} */
    public int states() {
      return this == LSTM ? 2 : 1;
    }
  }

  /**
   * Two conventions for a GRU's z; negating the rows of z in the weights leads from one to the
   * other.
   */
  public enum Blend {
    /** h = (1 - z) n + z h_{t-1}: Cho 2014, PyTorch, Keras, ONNX, cuDNN. */
    KEEP,
    /** h = (1 - z) h_{t-1} + z n: Chung 2014. */
    UPDATE
  }

  /**
   * Bounds on the cell state.
   *
   * @param bound the largest magnitude; infinite for none
   * @param mode what is clipped
   */
  public record CellClip(double bound, Mode mode) {
    /** No bound. */
    public static final CellClip NONE = new CellClip(Double.POSITIVE_INFINITY, Mode.STORE);

    /** Two functions that share a name. */
    public enum Mode {
      /** c_t is clipped as it is stored (TensorFlow); the initial cell is not. */
      STORE,
      /** c is clipped wherever it is read (cuDNN); what is stored and returned is not. */
      READ
    }

    /** Checks the bound. */
    public CellClip {
      if (!(bound > 0)) {
        throw new IllegalArgumentException("cell clip: expected a bound > 0, got " + bound);
      }
    }

    /** {@return whether there is a bound} */
    public boolean active() {
      return bound != Double.POSITIVE_INFINITY;
    }
  }

  /**
   * The sequence that a plan is made for.
   *
   * @param steps T
   * @param batch N
   * @param lengths whether sequences have lengths of their own
   * @param training whether backward will be asked for
   * @param packed whether sequences come without padding, the longest first and none empty: x and y
   *     are [R, ...], step by step those that still go on. An engine that cannot gives a plan for
   *     padded ones; {@link RnnPlan#packed} says so
   * @param dropout the probability with which training is to drop the input of every layer but the
   *     first, by masks of the engine's; 0 for none. An engine that cannot does not; {@link
   *     RnnPlan#drops} says so
   */
  public record Run(
      int steps, int batch, boolean lengths, boolean training, boolean packed, double dropout) {
    /**
     * A sequence that is padded where it ends before T.
     *
     * @param steps T
     * @param batch N
     * @param lengths whether sequences have lengths of their own
     * @param training whether backward will be asked for
     */
    public Run(int steps, int batch, boolean lengths, boolean training) {
      this(steps, batch, lengths, training, false, 0);
    }

    /** Checks the sizes. */
    public Run {
      if (steps < 1 || batch < 1) {
        throw new IllegalArgumentException(
            "rnn: expected T >= 1 and N >= 1, got T " + steps + ", N " + batch);
      }
      if (packed && !lengths) {
        throw new IllegalArgumentException("rnn: packed sequences: expected lengths, got none");
      }
    }
  }

  /** Checks the sizes. */
  public RnnSpec {
    if (input < 1 || hidden < 1 || layers < 1) {
      throw new IllegalArgumentException(
          "rnn: expected input, hidden and layers >= 1, got "
              + input
              + ", "
              + hidden
              + ", "
              + layers);
    }
    if (hidden >= 1 << 28) {
      throw new IllegalArgumentException(
          "rnn: expected hidden to be less than 2^28, so that all gates can be counted, got "
              + hidden);
    }
    if (projection < 0 || projection > hidden) {
      throw new IllegalArgumentException(
          "rnn: expected a projection of 0 (none) to hidden = " + hidden + ", got " + projection);
    }
    if (kind != Kind.LSTM && (projection > 0 || peephole || clip.active() || forgetBias != 0)) {
      throw new IllegalArgumentException(
          "rnn: projection, peephole, cell clip and forget bias are for LSTM, got " + kind);
    }
    boolean gru = kind == Kind.GRU_RESET_AFTER || kind == Kind.GRU_RESET_BEFORE;
    if (!gru && blend != Blend.KEEP) {
      throw new IllegalArgumentException("rnn: the blend is for GRU, got " + kind);
    }
  }

  /** {@return 2 or 1} */
  public int directions() {
    return bidirectional ? 2 : 1;
  }

  /** {@return the width of h: P or H} */
  public int output() {
    return projection > 0 ? projection : hidden;
  }

  /**
   * {@return the width that a layer reads}
   *
   * @param layer from 0
   */
  public int inputOf(int layer) {
    return layer == 0 ? input : directions() * output();
  }

  /**
   * {@return one layer as a network of its own}
   *
   * @param layer from 0
   * @param both whether in both directions
   */
  public RnnSpec part(int layer, boolean both) {
    return new RnnSpec(
        kind,
        type,
        inputOf(layer),
        hidden,
        1,
        both,
        bias,
        projection,
        peephole,
        clip,
        forgetBias,
        blend);
  }

  /**
   * {@return this network with elements of another type}
   *
   * @param other of every tensor
   */
  public RnnSpec of(DType other) {
    return new RnnSpec(
        kind,
        other,
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

  /** {@return the weights' names, PyTorch's, with their shapes, in the order of every list} */
  public Map<String, Shape> weights() {
    var all = new LinkedHashMap<String, Shape>();
    for (int layer = 0; layer < layers; layer++) {
      for (int direction = 0; direction < directions(); direction++) {
        addWeights(all, layer, "_l" + layer + (direction == 1 ? "_reverse" : ""));
      }
    }
    return all;
  }

  private void addWeights(Map<String, Shape> all, int layer, String suffix) {
    int rows = kind.gates() * hidden;
    all.put("weight_ih" + suffix, Shape.of(rows, inputOf(layer)));
    all.put("weight_hh" + suffix, Shape.of(rows, output()));
    if (bias) {
      all.put("bias_ih" + suffix, Shape.of(rows));
      all.put("bias_hh" + suffix, Shape.of(rows));
    }
    if (projection > 0) {
      all.put("weight_hr" + suffix, Shape.of(projection, hidden));
    }
    if (peephole) {
      all.put("weight_p" + suffix, Shape.of(3L * hidden));
    }
  }
}
