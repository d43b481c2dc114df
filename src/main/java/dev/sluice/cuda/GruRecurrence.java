package dev.sluice.cuda;

import dev.sluice.spi.RnnSpec;

/**
 * A GRU's recurrence: two products and two kernels a step. With the reset after, q holds W_hn h +
 * b_hn, and its gradient after backward; with the reset before, r h.
 */
final class GruRecurrence extends Recurrence {
  private final boolean after;
  private final boolean update;
  private final long sums;
  private final long h;
  private final long q;

  /**
   * @param reserve sums, h, q
   */
  GruRecurrence(
      CudaStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      long[] reserve) {
    super(stream, spec, run, reverse, weights);
    after = spec.kind() == RnnSpec.Kind.GRU_RESET_AFTER;
    update = spec.blend() == RnnSpec.Blend.UPDATE;
    sums = reserve[0];
    h = reserve[1];
    q = reserve[2];
  }

  static long[] parts(RnnSpec spec, RnnSpec.Run run) {
    long one = (long) run.batch() * spec.hidden() * spec.type().bytes();
    return new long[] {3 * run.steps() * one, (run.steps() + 1) * one, run.steps() * one};
  }

  @Override
  long sums() {
    return sums;
  }

  private long stride() {
    return 3L * hidden;
  }

  private long rz(int t) {
    return entry(sums, t, 3 * hidden);
  }

  /** The columns of the candidate in rows of 3H. */
  private long n(int t) {
    return rz(t) + bytes(2L * hidden);
  }

  private long qAt(int t) {
    return entry(q, t, hidden);
  }

  /** The rows of the candidate in a [3H, H] matrix. */
  private long candidate(long matrix) {
    return matrix + bytes(2L * hidden * hidden);
  }

  private long elements() {
    return (long) batch * hidden;
  }

  @Override
  void forward(Outside outside, long[] initial, long[] last) {
    copyOrZero(initial[0], before(h, step(0), hidden), hidden);
    for (int order = 0; order < run.steps(); order++) {
      int t = step(order);
      var past = before(h, t, hidden);
      step(past, hidden, rz(t), stride(), 2 * hidden, hidden, true, weights.recurrent());
      if (after) {
        stream.multiply(
            type(),
            false,
            true,
            batch,
            hidden,
            hidden,
            new Cublas.Matrices(
                past, hidden, candidate(weights.recurrent()), hidden, qAt(t), hidden),
            0);
      }
      reset(t);
      if (!after) {
        step(qAt(t), hidden, n(t), stride(), hidden, hidden, true, candidate(weights.recurrent()));
      }
      blend(outside, t);
    }
    copyOrZero(after(h, step(run.steps() - 1), hidden), last[0], hidden);
  }

  private void reset(int t) {
    launch(
        "gru",
        "gru_reset",
        elements(),
        rz(t),
        stride(),
        qAt(t),
        weights.gateBias(),
        before(h, t, hidden),
        batch,
        hidden,
        after ? 1 : 0);
  }

  private void blend(Outside outside, int t) {
    launch(
        "gru",
        "gru_blend",
        elements(),
        rz(t),
        stride(),
        n(t),
        stride(),
        qAt(t),
        weights.gateBias(),
        before(h, t, hidden),
        after(h, t, hidden),
        output(outside.y(), t),
        yStride(),
        outside.lengths(),
        t,
        batch,
        hidden,
        after ? 1 : 0,
        update ? 1 : 0);
  }

  @Override
  void backward(Outside outside, long[] last, Weights gradients) {
    var dh = last[0];
    var drh = last[1];
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      blendBack(outside, t, dh);
      if (after) {
        step(qAt(t), hidden, dh, hidden, hidden, hidden, false, candidate(weights.recurrent()));
      } else {
        resetBack(outside, t, drh, dh);
      }
      step(rz(t), stride(), dh, hidden, hidden, 2 * hidden, false, weights.recurrent());
    }
    var past = allBefore(h, hidden);
    gradient(sums, stride(), 2 * hidden, past, hidden, hidden, gradients.recurrent());
    var into = candidate(gradients.recurrent());
    if (after) {
      gradient(q, hidden, hidden, past, hidden, hidden, into);
    } else {
      gradient(n(0), stride(), hidden, q, hidden, hidden, into);
    }
  }

  private void blendBack(Outside outside, int t, long dh) {
    launch(
        "gru",
        "gru_blend_backward",
        elements(),
        rz(t),
        stride(),
        n(t),
        stride(),
        qAt(t),
        before(h, t, hidden),
        output(outside.y(), t),
        yStride(),
        dh,
        outside.lengths(),
        t,
        batch,
        hidden,
        after ? 1 : 0,
        update ? 1 : 0);
  }

  private void resetBack(Outside outside, int t, long drh, long dh) {
    stream.multiply(
        type(),
        false,
        false,
        batch,
        hidden,
        hidden,
        new Cublas.Matrices(n(t), stride(), candidate(weights.recurrent()), hidden, drh, hidden),
        0);
    launch(
        "gru",
        "gru_reset_backward",
        elements(),
        rz(t),
        stride(),
        before(h, t, hidden),
        drh,
        dh,
        outside.lengths(),
        t,
        batch,
        hidden);
  }

  /** With the reset after, b_hn is inside of what r multiplies and gets the gradient of q. */
  @Override
  void biasGradients(Weights gradients) {
    if (!after) {
      super.biasGradients(gradients);
      return;
    }
    long candidate = bytes(2L * hidden);
    addColumns(sums, stride(), 2 * hidden, gradients.inputBias(), gradients.recurrentBias());
    addColumns(n(0), stride(), hidden, gradients.inputBias() + candidate, 0);
    addColumns(q, hidden, hidden, gradients.recurrentBias() + candidate, 0);
  }
}
