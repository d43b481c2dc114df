package dev.sluice.cuda;

import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.CellClip;

/** An LSTM's recurrence: one product and one kernel a step. */
final class LstmRecurrence extends Recurrence {
  private final long sums;
  private final long h;
  private final long c;
  private final long m;

  /**
   * @param reserve sums, h, c and, with a projection, m
   */
  LstmRecurrence(
      CudaStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      long[] reserve) {
    super(stream, spec, run, reverse, weights);
    sums = reserve[0];
    h = reserve[1];
    c = reserve[2];
    m = reserve[3];
  }

  static long[] parts(RnnSpec spec, RnnSpec.Run run) {
    long rows = (long) run.steps() * run.batch();
    long more = rows + run.batch();
    int size = spec.type().bytes();
    return new long[] {
      size * rows * 4 * spec.hidden(),
      size * more * spec.output(),
      size * more * spec.hidden(),
      spec.projection() > 0 ? size * rows * spec.hidden() : 0
    };
  }

  private boolean projected() {
    return spec.projection() > 0;
  }

  @Override
  long sums() {
    return sums;
  }

  private long sumsAt(int t) {
    return entry(sums, t, 4 * hidden);
  }

  private long peephole(long all, int which) {
    return all == 0 ? 0 : all + bytes((long) which * hidden);
  }

  private int clipsRead() {
    return spec.clip().mode() == CellClip.Mode.READ ? 1 : 0;
  }

  @Override
  void forward(Outside outside, long[] initial, long[] last) {
    copyOrZero(initial[0], before(h, step(0), width), width);
    copyOrZero(initial[1], before(c, step(0), hidden), hidden);
    for (int order = 0; order < run.steps(); order++) {
      int t = step(order);
      if (order > 0 || initial[0] != 0) {
        step(
            before(h, t, width),
            width,
            sumsAt(t),
            4L * hidden,
            4 * hidden,
            width,
            true,
            weights.recurrent());
      }
      gates(outside, t);
      if (projected()) {
        project(outside, t);
      }
    }
    int end = step(run.steps() - 1);
    copyOrZero(after(h, end, width), last[0], width);
    copyOrZero(after(c, end, hidden), last[1], hidden);
  }

  private void gates(Outside outside, int t) {
    launch(
        "lstm",
        "lstm_forward",
        (long) batch * hidden,
        sumsAt(t),
        weights.gateBias(),
        peephole(weights.peephole(), 0),
        peephole(weights.peephole(), 1),
        peephole(weights.peephole(), 2),
        before(c, t, hidden),
        after(c, t, hidden),
        projected() ? 0L : before(h, t, width),
        projected() ? entry(m, t, hidden) : after(h, t, width),
        projected() ? 0L : output(outside.y(), t),
        yStride(),
        outside.lengths(),
        t,
        batch,
        hidden,
        1,
        spec.forgetBias(),
        spec.clip().bound(),
        clipsRead());
  }

  private void project(Outside outside, int t) {
    stream.multiply(
        type(),
        false,
        true,
        batch,
        width,
        hidden,
        new Cublas.Matrices(
            entry(m, t, hidden), hidden, weights.projection(), hidden, after(h, t, width), width),
        0);
    launch(
        "sequence",
        "project_forward",
        (long) batch * width,
        after(h, t, width),
        before(h, t, width),
        output(outside.y(), t),
        yStride(),
        outside.lengths(),
        t,
        batch,
        width);
  }

  @Override
  void backward(Outside outside, long[] last, Weights gradients) {
    var dh = last[0];
    var dc = last[1];
    var dm = last[2];
    var live = last[3];
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      if (projected()) {
        backwardProjection(outside, t, dh, dm, entry(live, t, width));
      }
      gatesBack(outside, t, projected() ? dm : dh, dc);
      if (weights.peephole() != 0) {
        peepholeBack(t, gradients.peephole());
      }
      step(sumsAt(t), 4L * hidden, dh, width, width, 4 * hidden, false, weights.recurrent());
    }
    gradient(
        sums, 4L * hidden, 4 * hidden, allBefore(h, width), width, width, gradients.recurrent());
    if (projected()) {
      gradient(live, width, width, m, hidden, hidden, gradients.projection());
    }
  }

  private void gatesBack(Outside outside, int t, long dh, long dc) {
    launch(
        "lstm",
        "lstm_backward",
        (long) batch * hidden,
        sumsAt(t),
        peephole(weights.peephole(), 0),
        peephole(weights.peephole(), 1),
        peephole(weights.peephole(), 2),
        before(c, t, hidden),
        after(c, t, hidden),
        projected() ? 0L : output(outside.y(), t),
        yStride(),
        dh,
        dc,
        outside.lengths(),
        t,
        batch,
        hidden,
        1,
        spec.clip().bound(),
        clipsRead());
  }

  private void peepholeBack(int t, long into) {
    launch(
        "lstm",
        "lstm_peephole",
        hidden,
        sumsAt(t),
        before(c, t, hidden),
        after(c, t, hidden),
        peephole(into, 0),
        peephole(into, 1),
        peephole(into, 2),
        batch,
        hidden,
        1,
        spec.clip().bound(),
        clipsRead());
  }

  /** dm = (dh + dy) W_hr over the rows that go on, whose dh is spent. */
  private void backwardProjection(Outside outside, int t, long dh, long dm, long live) {
    launch(
        "sequence",
        "project_backward",
        (long) batch * width,
        dh,
        output(outside.y(), t),
        yStride(),
        live,
        outside.lengths(),
        t,
        batch,
        width);
    stream.multiply(
        type(),
        false,
        false,
        batch,
        hidden,
        width,
        new Cublas.Matrices(live, width, weights.projection(), hidden, dm, hidden),
        0);
  }
}
