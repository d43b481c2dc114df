package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.spi.RnnSpec;

/**
 * One layer in one direction: a recurrence over T steps on addresses of one stream's device. States
 * lie as [T + 1, N, width]; forward, step t leads from entry t to t + 1, and in the reverse
 * direction from t + 1 to t.
 *
 * <p>Input products and their gradients are one product over all T N rows and are done by the
 * caller; what is serial is done here, a product and a kernel a step.
 */
abstract class Recurrence {
  final CudaStream stream;
  final RnnSpec spec;
  final RnnSpec.Run run;
  final boolean reverse;
  final Weights weights;
  final int hidden;
  final int width;
  final int batch;

  /** The addresses of one recurrence's weights, or of their gradients; 0 where it has none. */
  record Weights(
      long input,
      long recurrent,
      long inputBias,
      long recurrentBias,
      long projection,
      long peephole,
      long gateBias) {}

  /**
   * What comes and goes besides the weights.
   *
   * @param lengths [N] int32, or 0
   * @param y the first row of this direction's part of [T, N, D P], or of its gradient; 0 for none
   */
  record Outside(long lengths, long y) {}

  Recurrence(CudaStream stream, RnnSpec spec, RnnSpec.Run run, boolean reverse, Weights weights) {
    this.stream = stream;
    this.spec = spec;
    this.run = run;
    this.reverse = reverse;
    this.weights = weights;
    this.hidden = spec.hidden();
    this.width = spec.output();
    this.batch = run.batch();
  }

  /** The recurrence of a network's kind over its part of the reserve. */
  static Recurrence of(
      CudaStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      long[] reserve) {
    return switch (spec.kind()) {
      case LSTM -> new LstmRecurrence(stream, spec, run, reverse, weights, reserve);
      case GRU_RESET_AFTER, GRU_RESET_BEFORE ->
          new GruRecurrence(stream, spec, run, reverse, weights, reserve);
      case RNN_TANH, RNN_RELU -> new ElmanRecurrence(stream, spec, run, reverse, weights, reserve);
    };
  }

  /** Bytes of each part of a recurrence's reserve. */
  static long[] reserve(RnnSpec spec, RnnSpec.Run run) {
    return switch (spec.kind()) {
      case LSTM -> LstmRecurrence.parts(spec, run);
      case GRU_RESET_AFTER, GRU_RESET_BEFORE -> GruRecurrence.parts(spec, run);
      case RNN_TANH, RNN_RELU -> ElmanRecurrence.parts(spec, run);
    };
  }

  /**
   * All steps.
   *
   * @param initial the states before, [N, width] each, 0 for zeros
   * @param last where the states after go, [N, width] each
   */
  abstract void forward(Outside outside, long[] initial, long[] last);

  /**
   * All steps back; afterwards {@link #sums} holds the gradients of the sums.
   *
   * @param last the gradients of the states after, overwritten with those before
   * @param gradients of the weights; recurrent, projection and peephole are added to here
   */
  abstract void backward(Outside outside, long[] last, Weights gradients);

  /** [T, N, G H]: sums of the input product in, activations after forward. */
  abstract long sums();

  /** Adds the gradients of the biases, after {@link #backward}. */
  void biasGradients(Weights gradients) {
    int columns = spec.kind().gates() * hidden;
    addColumns(sums(), columns, columns, gradients.inputBias, gradients.recurrentBias);
  }

  /** Adds the sums of columns; to a second place as well, unless that is 0. */
  final void addColumns(long from, long stride, int columns, long into, long second) {
    Sums.addColumns(stream, type(), from, rows(), stride, columns, into, second);
  }

  final DType type() {
    return spec.type();
  }

  final int rows() {
    return run.steps() * batch;
  }

  final long bytes(long elements) {
    return elements * type().bytes();
  }

  final int step(int order) {
    return reverse ? run.steps() - 1 - order : order;
  }

  /** Elements from one row of y to the next. */
  final long yStride() {
    return (long) spec.directions() * width;
  }

  /** Row t of [T, N, D P], from this direction's first column on. */
  final long output(long y, int t) {
    return y == 0 ? 0 : y + bytes(t * batch * yStride());
  }

  /** Entry of a [T + 1, N, width] state before step t. */
  final long before(long states, int t, int width) {
    return entry(states, reverse ? t + 1 : t, width);
  }

  /** Entry of a [T + 1, N, width] state after step t. */
  final long after(long states, int t, int width) {
    return entry(states, reverse ? t : t + 1, width);
  }

  /** All T entries before their steps, [T, N, width]. */
  final long allBefore(long states, int width) {
    return entry(states, reverse ? 1 : 0, width);
  }

  final long entry(long states, int index, int width) {
    return states + bytes((long) index * batch * width);
  }

  final void copyOrZero(long from, long to, int width) {
    long bytes = bytes((long) batch * width);
    if (from == 0) {
      stream.zero(to, bytes);
    } else {
      stream.copy(from, to, bytes);
    }
  }

  /** to [N, n] += from [N, k] op(weights), rows of both so many elements apart. */
  final void step(
      long from, long fromStride, long to, long toStride, int n, int k, boolean transpose, long w) {
    stream.multiply(
        type(),
        false,
        transpose,
        batch,
        n,
        k,
        new Cublas.Matrices(from, fromStride, w, transpose ? k : n, to, toStride),
        1);
  }

  /** to [m, n] += from' [T N, m] by [T N, n]: a weight's gradient over all steps. */
  final void gradient(long from, long fromStride, int m, long by, long byStride, int n, long to) {
    stream.multiply(
        type(),
        true,
        false,
        m,
        n,
        rows(),
        new Cublas.Matrices(from, fromStride, by, byStride, to, n),
        1);
  }

  final void launch(String module, String kernel, long elements, Object... arguments) {
    stream.launch(module, kernel + CudaStream.suffix(type()), Grid.of(elements), arguments);
  }
}
