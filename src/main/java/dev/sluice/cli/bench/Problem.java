package dev.sluice.cli.bench;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.Pass;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What is timed: a cell, what is done with it, and its sizes.
 *
 * @param cell which cell
 * @param mode what a round is
 * @param steps T
 * @param batch N
 * @param input C
 * @param hidden H
 * @param layers L
 * @param bidirectional whether a second direction runs from each sequence's end
 * @param lengths whether each sequence has a random length of 1 to T of its own
 * @param variant what else the cell has
 * @param height of a frame; 0 for cells over vectors
 * @param width of a frame; 0 for cells over vectors
 * @param kernel height and width of a convolution's kernel; 0 for cells over vectors
 * @param type of every tensor
 * @param seed of weights, input, lengths and the gradient of the output
 */
public record Problem(
    Cell cell,
    Mode mode,
    int steps,
    int batch,
    int input,
    int hidden,
    int layers,
    boolean bidirectional,
    boolean lengths,
    Variant variant,
    int height,
    int width,
    int kernel,
    DType type,
    long seed) {
  /**
   * The forms of a cell.
   *
   * @param peephole whether the gates look at the cell
   * @param layerNorm whether the convolutions' outputs are normalised
   * @param reset where a GRU's reset gate multiplies; null for the cell's default
   * @param recompute steps that are computed again at once on the way back, as {@link
   *     Pass#recomputing} has it; 0 to keep all
   */
  public record Variant(boolean peephole, boolean layerNorm, ConvGru.Reset reset, int recompute) {
    /** The cell as it is without options. */
    public static final Variant PLAIN = new Variant(false, false, null);

    /**
     * A cell that keeps all for the way back.
     *
     * @param peephole as in the record
     * @param layerNorm as in the record
     * @param reset as in the record
     */
    public Variant(boolean peephole, boolean layerNorm, ConvGru.Reset reset) {
      this(peephole, layerNorm, reset, 0);
    }
  }

  /**
   * A problem with or without peepholes and nothing else.
   *
   * @param cell as in the record
   * @param mode as in the record
   * @param steps as in the record
   * @param batch as in the record
   * @param input as in the record
   * @param hidden as in the record
   * @param layers as in the record
   * @param bidirectional as in the record
   * @param lengths as in the record
   * @param peephole whether the gates look at the cell
   * @param height as in the record
   * @param width as in the record
   * @param kernel as in the record
   * @param type as in the record
   * @param seed as in the record
   */
  public Problem(
      Cell cell,
      Mode mode,
      int steps,
      int batch,
      int input,
      int hidden,
      int layers,
      boolean bidirectional,
      boolean lengths,
      boolean peephole,
      int height,
      int width,
      int kernel,
      DType type,
      long seed) {
    this(
        cell,
        mode,
        steps,
        batch,
        input,
        hidden,
        layers,
        bidirectional,
        lengths,
        new Variant(peephole, false, null),
        height,
        width,
        kernel,
        type,
        seed);
  }

  /** Checks the sizes, and that the cell has what is asked of it. */
  public Problem {
    positive("steps", steps);
    positive("batch", batch);
    positive("input", input);
    positive("hidden", hidden);
    positive("layers", layers);
    if (layers > 1 << 16) {
      throw new IllegalArgumentException("--layers: expected 65,536 at most, got " + layers);
    }
    if (cell.overFrames()) {
      positive("height", height);
      positive("width", width);
      positive("kernel", kernel);
      refuse(cell, "bidirectional", bidirectional);
      refuse(cell, "lengths", lengths);
    } else {
      refuse(cell, "height", height != 0);
      refuse(cell, "width", width != 0);
      refuse(cell, "kernel", kernel != 0);
    }
    refuse(cell, "peephole", variant.peephole && !cell.has(Cell.Form.PEEPHOLE));
    refuse(cell, "layer-norm", variant.layerNorm && !cell.has(Cell.Form.LAYER_NORM));
    refuse(cell, "reset", variant.reset != null && !cell.has(Cell.Form.RESET));
    if (variant.recompute != 0 && mode != Mode.TRAIN) {
      throw new IllegalArgumentException(
          "--recompute: expected --mode train, as forward alone keeps nothing");
    }
    if (mode == Mode.SESSION) {
      refuseInSession(
          "bidirectional", bidirectional, "the other one begins at the end of what is to come");
      refuseInSession("lengths", lengths, "all its inputs have T steps");
      refuseInSession("dtype", type != DType.FLOAT32, "it takes and gives arrays of float");
    }
    if (type != DType.FLOAT32 && type != DType.FLOAT64) {
      throw new IllegalArgumentException(
          "--dtype: expected float32 or float64, got " + type.name().toLowerCase(Locale.ROOT));
    }
  }

  private static void positive(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("--" + option + ": expected 1 or more, got " + value);
    }
  }

  private static void refuse(Cell cell, String option, boolean given) {
    if (given) {
      throw new IllegalArgumentException("--" + option + ": not an option of cell " + cell.label());
    }
  }

  private static void refuseInSession(String option, boolean given, String why) {
    if (given) {
      throw new IllegalArgumentException("--" + option + ": not with --mode session: " + why);
    }
  }

  /** {@return x: [T, N, C], or [T, N, H, W, C] for a cell over frames} */
  public Shape inputShape() {
    return cell.overFrames()
        ? Shape.of(steps, batch, height, width, input)
        : Shape.of(steps, batch, input);
  }

  /** {@return [N]: the lengths of the sequences, or null where all are T} */
  public int[] sequenceLengths() {
    if (!lengths) {
      return null;
    }
    var random = new SplittableRandom(seed);
    var all = new int[batch];
    for (int n = 0; n < batch; n++) {
      all[n] = random.nextInt(1, steps + 1);
    }
    return all;
  }

  /** Steps of all sequences together: T N, or the sum of the lengths. */
  private double sequenceSteps() {
    double sum = 0;
    for (int n : lengths ? sequenceLengths() : new int[0]) {
      sum += n;
    }
    return lengths ? sum : (double) steps * batch;
  }

  /**
   * {@return floating-point operations of one round, a multiplication and an addition each one}
   *
   * <p>Forward, over the steps of all sequences S, layers l and directions D: {@code 2 S G H (C_l +
   * H)} with G gates; a cell over frames does that at each of the frame's pixels, for each of the
   * kernel's k k taps, those over the zero padding counted too; an ST-LSTM multiplies {@code k k (7
   * C H + 9 H H) + 2 H H} there. Training is three times as much: forward, gradients of what was
   * multiplied with the weights, gradients of the weights. Pointwise work is not counted.
   */
  public double flops() {
    int directions = bidirectional ? 2 : 1;
    double products = 0;
    for (int layer = 0; layer < layers; layer++) {
      products += cell.products(layer == 0 ? input : directions * hidden, hidden, kernel);
    }
    double places = cell.overFrames() ? (double) height * width : 1;
    double forward = 2 * sequenceSteps() * places * directions * products;
    return training() ? 3 * forward : forward;
  }

  /** {@return what is run, in a few words} */
  public String title() {
    var frame = cell.overFrames() ? " %dx%d k%d".formatted(height, width, kernel) : "";
    var more = (layers > 1 ? " L" + layers : "") + (bidirectional ? " both directions" : "");
    return "%s %s T%d N%d C%d H%d%s%s"
        .formatted(cell, mode.label(), steps, batch, input, hidden, frame, more);
  }

  /** {@return whether the way back is run, too} */
  public boolean training() {
    return mode == Mode.TRAIN;
  }

  /** {@return whether the gates look at the cell} */
  public boolean peephole() {
    return variant.peephole;
  }
}
