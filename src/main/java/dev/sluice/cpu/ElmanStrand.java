package dev.sluice.cpu;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** An Elman recurrence: {@code h_t = tanh(a_t)} or {@code max(a_t, 0)}. */
final class ElmanStrand extends Strand {
  private final MemorySegment sums;
  private final MemorySegment h;
  private final int hidden;
  private final boolean relu;

  /**
   * @param reserve sums and h
   */
  ElmanStrand(
      CpuStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      Steps steps,
      MemorySegment[] reserve) {
    super(stream, spec, run, reverse, weights, steps);
    sums = reserve[0];
    h = reserve[1];
    hidden = spec.hidden();
    relu = spec.kind() == RnnSpec.Kind.RNN_RELU;
  }

  /** Bytes of each part of the reserve. */
  static long[] reserve(RnnSpec spec, RnnSpec.Run run, Cut cut) {
    long one = (long) run.batch() * spec.hidden() * spec.type().bytes();
    return new long[] {cut.sums(run) * one, Cut.states(run) * one};
  }

  /** Forward, then back. */
  static List<StepProduct.Spec> products(RnnSpec spec, int batch) {
    int h = spec.hidden();
    return List.of(
        new StepProduct.Spec(batch, h, h, h, h, 0, true, true),
        new StepProduct.Spec(batch, h, h, h, h, 0, false, true));
  }

  @Override
  MemorySegment sums() {
    return sums;
  }

  @Override
  void forward(
      MemorySegment x,
      MemorySegment[] initial,
      MemorySegment lengths,
      MemorySegment y,
      MemorySegment[] last) {
    var ends = ownLengths(lengths);
    copyOrZero(own(initial[0], hidden), before(h, step(0), hidden));
    for (int order = 0; order < run.steps(); order++) {
      int t = step(order);
      input(x, ends, order);
      var sum = sum(t, hidden);
      if (order > 0 || initial[0] != null) {
        product(0, t, ends, before(h, t, hidden), sum);
      }
      var out = output(y, t);
      for (int row = 0; row < batch; row++) {
        activate(row, ended(ends, row, t), sum, t, out);
      }
    }
    own(last[0], hidden).copyFrom(after(h, step(run.steps() - 1), hidden));
  }

  private void activate(int row, boolean ended, MemorySegment sum, int t, MemorySegment y) {
    var after = after(h, t, hidden);
    long yAt = (long) row * spec.directions() * hidden;
    if (ended) {
      long at = (long) row * hidden;
      reals.copy(before(h, t, hidden), at, after, at, hidden);
      reals.zero(y, yAt, hidden);
      return;
    }
    int done = 0;
    if (VectorApi.PRESENT && reals == Reals.FLOATS) {
      done = ElmanVector.forward(row, hidden, relu, sum, bias(), after, y, yAt);
    }
    for (int j = done; j < hidden; j++) {
      long e = (long) row * hidden + j;
      double a = reals.get(sum, e);
      if (bias() != null) {
        a += reals.get(bias(), j);
      }
      double value = relu ? Math.max(a, 0) : Math.tanh(a);
      reals.set(after, e, value);
      reals.set(y, yAt + j, value);
    }
  }

  @Override
  void backward(MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients) {
    var ends = ownLengths(lengths);
    var dh = own(last[0], hidden);
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      var sum = sum(t, hidden);
      var dyAt = output(dy, t);
      for (int row = 0; row < batch; row++) {
        differentiate(row, ended(ends, row, t), sum, t, dyAt, dh);
      }
      product(1, t, ends, sum, dh);
      flush(order, dh);
    }
  }

  @Override
  void recurrentGradients(Weights gradients) {
    multiply.run(
        stream,
        true,
        false,
        hidden,
        hidden,
        rows(),
        sums,
        hidden,
        allBefore(h, hidden),
        hidden,
        1,
        gradients.recurrent(),
        hidden);
  }

  /** The gradient of the sum; a row that has ended hands dh on and owes nothing. */
  private void differentiate(
      int row, boolean ended, MemorySegment sum, int t, MemorySegment dy, MemorySegment dh) {
    var after = after(h, t, hidden);
    long dyAt = (long) row * spec.directions() * hidden;
    if (ended) {
      reals.zero(sum, (long) row * hidden, hidden);
      return;
    }
    int done = 0;
    if (VectorApi.PRESENT && reals == Reals.FLOATS) {
      done = ElmanVector.backward(row, hidden, relu, sum, after, dy, dyAt, dh);
    }
    for (int j = done; j < hidden; j++) {
      long e = (long) row * hidden + j;
      double value = reals.get(after, e);
      double d = reals.get(dh, e) + (dy == null ? 0 : reals.get(dy, dyAt + j));
      reals.set(sum, e, relu ? (value > 0 ? d : 0) : d * (1 - value * value));
      reals.set(dh, e, 0);
    }
  }
}
