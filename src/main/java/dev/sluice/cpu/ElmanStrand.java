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
        activate(t, ends, y);
      }
      end(h, last[0], hidden);
    };
  }

  private void activate(int t, MemorySegment ends, MemorySegment y) {
    int next;
    for (int row = 0; row < batch; row = next) {
      next = together(ends, t, row, batch, hidden);
      long own = (long) row * hidden;
      long after = afterAt(t, hidden) + own;
      long yAt = outputAt(t) + row * yStride();
      if (ended(ends, row, t)) {
        reals.copy(h, beforeAt(t, hidden) + own, h, after, hidden);
        reals.zero(y, yAt, hidden);
      } else {
        activate(next - row, sumAt(t, hidden) + own, after, y, yAt);
      }
    }
  }

  private void activate(int rows, long sum, long after, MemorySegment y, long yAt) {
    if (VectorApi.PRESENT && reals == Reals.FLOATS) {
      long bias = bias() == null ? 0 : bias().address();
      long to = y.address() + 4 * yAt;
      long from = sums.address() + 4 * sum;
      ElmanVector.forward(
          rows, hidden, relu, from, bias, h.address() + 4 * after, to, 4 * yStride());
      return;
    }
    for (int row = 0; row < rows; row++, yAt += yStride()) {
      for (int j = 0; j < hidden; j++, sum++, after++) {
        double a = reals.get(sums, sum) + (bias() == null ? 0 : reals.get(bias(), j));
        double value = relu ? Math.max(a, 0) : Math.tanh(a);
        reals.set(h, after, value);
        reals.set(y, yAt + j, value);
      }
    }
  }

  private long yStride() {
    return (long) spec.directions() * hidden;
  }

  @Override
  void backward(MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients) {
    var ends = ownLengths(lengths);
    var dh = own(last[0], hidden);
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      differentiate(t, ends, dy, dh);
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

  /** The gradients of the sums; a row that has ended hands dh on and owes nothing. */
  private void differentiate(int t, MemorySegment ends, MemorySegment dy, MemorySegment dh) {
    int next;
    for (int row = 0; row < batch; row = next) {
      next = together(ends, t, row, batch, hidden);
      long own = (long) row * hidden;
      long sum = sumAt(t, hidden) + own;
      if (ended(ends, row, t)) {
        reals.zero(sums, sum, hidden);
      } else {
        long dyAt = outputAt(t) + row * yStride();
        differentiate(next - row, sum, afterAt(t, hidden) + own, dy, dyAt, dh, own);
      }
    }
  }

  private void differentiate(
      int rows, long sum, long after, MemorySegment dy, long dyAt, MemorySegment dh, long own) {
    if (VectorApi.PRESENT && reals == Reals.FLOATS) {
      long from = dy == null ? 0 : dy.address() + 4 * dyAt;
      long stride = dy == null ? 0 : 4 * yStride();
      long to = sums.address() + 4 * sum;
      ElmanVector.backward(
          rows, hidden, relu, to, h.address() + 4 * after, from, stride, dh.address() + 4 * own);
      return;
    }
    for (int row = 0; row < rows; row++, dyAt += yStride()) {
      for (int j = 0; j < hidden; j++, sum++, after++, own++) {
        double value = reals.get(h, after);
        double d = reals.get(dh, own) + (dy == null ? 0 : reals.get(dy, dyAt + j));
        reals.set(sums, sum, relu ? (value > 0 ? d : 0) : d * (1 - value * value));
        reals.set(dh, own, 0);
      }
    }
  }
}
