package dev.sluice.cuda;

import dev.sluice.spi.RnnSpec;

/** An Elman recurrence: {@code h_t = tanh(a_t)} or {@code max(a_t, 0)}. */
final class ElmanRecurrence extends Recurrence {
  private final long sums;
  private final long h;
  private final int relu;

  /**
   * @param reserve sums and h
   */
  ElmanRecurrence(
      CudaStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      long[] reserve) {
    super(stream, spec, run, reverse, weights);
    sums = reserve[0];
    h = reserve[1];
    relu = spec.kind() == RnnSpec.Kind.RNN_RELU ? 1 : 0;
  }

  static long[] parts(RnnSpec spec, RnnSpec.Run run) {
    long one = (long) run.batch() * spec.hidden() * spec.type().bytes();
    return new long[] {run.steps() * one, (run.steps() + 1) * one};
  }

  @Override
  long sums() {
    return sums;
  }

  @Override
  void forward(Outside outside, long[] initial, long[] last) {
    copyOrZero(initial[0], before(h, step(0), hidden), hidden);
    for (int order = 0; order < run.steps(); order++) {
      int t = step(order);
      var sum = entry(sums, t, hidden);
      var past = before(h, t, hidden);
      if (order > 0 || initial[0] != 0) {
        step(past, hidden, sum, hidden, hidden, hidden, true, weights.recurrent());
      }
      launch(
          "elman",
          "elman_forward",
          (long) batch * hidden,
          sum,
          weights.gateBias(),
          past,
          after(h, t, hidden),
          output(outside.y(), t),
          yStride(),
          outside.lengths(),
          t,
          batch,
          hidden,
          relu);
    }
    copyOrZero(after(h, step(run.steps() - 1), hidden), last[0], hidden);
  }

  @Override
  void backward(Outside outside, long[] last, Weights gradients) {
    var dh = last[0];
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      var sum = entry(sums, t, hidden);
      launch(
          "elman",
          "elman_backward",
          (long) batch * hidden,
          sum,
          after(h, t, hidden),
          output(outside.y(), t),
          yStride(),
          dh,
          outside.lengths(),
          t,
          batch,
          hidden,
          relu);
      step(sum, hidden, dh, hidden, hidden, hidden, false, weights.recurrent());
    }
    gradient(sums, hidden, hidden, allBefore(h, hidden), hidden, hidden, gradients.recurrent());
  }
}
