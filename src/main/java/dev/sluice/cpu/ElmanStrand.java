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
  Runnable forward(
      MemorySegment x,
      MemorySegment[] initial,
      MemorySegment lengths,
      MemorySegment y,
      MemorySegment[] last) {
    var ends = ownLengths(lengths);
    return () -> {
      start(initial[0], h, hidden);
      for (int order = 0; order < run.steps(); order++) {
        int t = step(order);
        input(x, ends, order);
        if (order > 0 || initial[0] != null) {
          product(0, t, ends, h, beforeAt(t, hidden), sums, sumAt(t, hidden));
        }
        for (int row = 0; row < batch; row++) {
          activate(row, t, ended(ends, row, t), y);
        }
      }
      end(h, last[0], hidden);
    };
  }

  private void activate(int row, int t, boolean ended, MemorySegment y) {
    long own = (long) row * hidden;
    long after = afterAt(t, hidden) + own;
    long yAt = outputAt(t) + (long) row * spec.directions() * hidden;
    if (ended) {
      reals.copy(h, beforeAt(t, hidden) + own, h, after, hidden);
      reals.zero(y, yAt, hidden);
      return;
    }
    long sum = sumAt(t, hidden) + own;
    int done = 0;
    if (VectorApi.PRESENT && reals == Reals.FLOATS) {
      done = ElmanVector.forward(hidden, relu, sums, sum, bias(), h, after, y, yAt);
    }
    for (int j = done; j < hidden; j++) {
      double a = reals.get(sums, sum + j);
      if (bias() != null) {
        a += reals.get(bias(), j);
      }
      double value = relu ? Math.max(a, 0) : Math.tanh(a);
      reals.set(h, after + j, value);
      reals.set(y, yAt + j, value);
    }
  }

  @Override
  void backward(MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients) {
    var ends = ownLengths(lengths);
    var dh = own(last[0], hidden);
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      for (int row = 0; row < batch; row++) {
        differentiate(row, t, ended(ends, row, t), dy, dh);
      }
      product(1, t, ends, sums, sumAt(t, hidden), dh, 0);
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
  private void differentiate(int row, int t, boolean ended, MemorySegment dy, MemorySegment dh) {
    long own = (long) row * hidden;
    long sum = sumAt(t, hidden) + own;
    if (ended) {
      reals.zero(sums, sum, hidden);
      return;
    }
    long after = afterAt(t, hidden) + own;
    long dyAt = outputAt(t) + (long) row * spec.directions() * hidden;
    int done = 0;
    if (VectorApi.PRESENT && reals == Reals.FLOATS) {
      done = ElmanVector.backward(hidden, relu, sums, sum, h, after, dy, dyAt, dh, own);
    }
    for (int j = done; j < hidden; j++) {
      double value = reals.get(h, after + j);
      double d = reals.get(dh, own + j) + (dy == null ? 0 : reals.get(dy, dyAt + j));
      reals.set(sums, sum + j, relu ? (value > 0 ? d : 0) : d * (1 - value * value));
      reals.set(dh, own + j, 0);
    }
  }
}
