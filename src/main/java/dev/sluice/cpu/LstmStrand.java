package dev.sluice.cpu;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** An LSTM's recurrence: one product and one pointwise loop a step. */
final class LstmStrand extends Strand {
  private final LstmGates gates;
  private final MemorySegment sums;
  private final MemorySegment h;
  private final MemorySegment c;
  private final MemorySegment m;
  private final int hidden;
  private final int width;
  private final int stride;

  /**
   * @param reserve sums, h, c and, with a projection, m
   */
  LstmStrand(
      CpuStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      Steps steps,
      MemorySegment[] reserve) {
    super(stream, spec, run, reverse, weights, steps);
    hidden = spec.hidden();
    width = spec.output();
    gates = new LstmGates(reals, hidden, spec.clip(), 1);
    sums = reserve[0];
    h = reserve[1];
    c = reserve[2];
    m = projected() ? reserve[3] : null;
    stride = steps.cut().lstmStride(spec, run);
  }

  /** Bytes of each part of the reserve. */
  static long[] reserve(RnnSpec spec, RnnSpec.Run run, Cut cut) {
    long rows = (long) spec.type().bytes() * run.batch();
    long more = rows * Cut.states(run);
    return new long[] {
      rows * cut.sums(run) * cut.lstmStride(spec, run),
      more * spec.output(),
      more * spec.hidden(),
      spec.projection() > 0 ? rows * cut.sums(run) * spec.hidden() : 0
    };
  }

  /** Forward, then back. */
  static List<StepProduct.Spec> products(RnnSpec spec, int batch, int stride) {
    int width = spec.output();
    int sums = 4 * spec.hidden();
    return List.of(
        new StepProduct.Spec(batch, width, sums, width, stride, 0, true, true),
        new StepProduct.Spec(batch, sums, width, stride, width, 0, false, true));
  }

  private boolean projected() {
    return spec.projection() > 0;
  }

  @Override
  MemorySegment sums() {
    return sums;
  }

  private long sumsAt(int t) {
    return sumAt(t, stride);
  }

  private MemorySegment[] peephole(MemorySegment all) {
    return all == null
        ? null
        : new MemorySegment[] {
          all.asSlice(0, bytes(hidden)),
          all.asSlice(bytes(hidden), bytes(hidden)),
          all.asSlice(bytes(2L * hidden), bytes(hidden))
        };
  }

  @Override
  Runnable forward(
      MemorySegment x,
      MemorySegment[] initial,
      MemorySegment lengths,
      MemorySegment y,
      MemorySegment[] last) {
    var ends = ownLengths(lengths);
    var peephole = peephole(weights.peephole());
    long yStride = (long) spec.directions() * width;
    var s =
        projected()
            ? new LstmGates.Forward(sums, bias(), peephole, c, c, null, m, null, yStride, ends)
            : new LstmGates.Forward(sums, bias(), peephole, c, c, h, h, y, yStride, ends);
    s.gatesStride = stride;
    return () -> {
      start(initial[0], h, width);
      start(initial[1], c, hidden);
      for (int order = 0; order < run.steps(); order++) {
        int t = step(order);
        input(x, ends, order);
        if (order > 0 || initial[0] != null) {
          product(0, t, ends, h, beforeAt(t, width), sums, sumsAt(t));
        }
        step(t, s);
        if (projected()) {
          project(ends, t, output(y, t), yStride);
        }
      }
      end(h, last[0], width);
      end(c, last[1], hidden);
    };
  }

  private void step(int t, LstmGates.Forward s) {
    s.at(t, sumsAt(t), beforeAt(t, hidden), afterAt(t, hidden));
    s.hBeforeAt = beforeAt(t, width);
    s.hAt = projected() ? entryAt(kept(m, t, hidden), hidden) : afterAt(t, width);
    s.yAt = outputAt(t);
    gates.forward(stream.team(), batch, s);
  }

  /** m_t; as many are kept as there are sums. */
  private MemorySegment unprojected(int t) {
    return entry(m, kept(m, t, hidden), hidden);
  }

  private void project(MemorySegment lengths, int t, MemorySegment y, long yStride) {
    int n = batch;
    multiply.run(
        stream,
        false,
        true,
        n,
        width,
        hidden,
        unprojected(t),
        hidden,
        weights.projection(),
        hidden,
        0,
        after(h, t, width),
        width);
    for (int row = 0; row < n; row++) {
      var now = after(h, t, width).asSlice(bytes((long) row * width), bytes(width));
      var out = y.asSlice(bytes(row * yStride), bytes(width));
      if (ended(lengths, row, t)) {
        now.copyFrom(before(h, t, width).asSlice(bytes((long) row * width), bytes(width)));
        out.fill((byte) 0);
      } else {
        out.copyFrom(now);
      }
    }
  }

  @Override
  void backward(MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients) {
    var dh = own(last[0], width);
    var dc = own(last[1], hidden);
    var dm = last[2];
    var ends = ownLengths(lengths);
    long yStride = (long) spec.directions() * width;
    var peephole = peephole(weights.peephole());
    var s =
        projected()
            ? new LstmGates.Backward(sums, peephole, c, c, null, yStride, dm, dc, ends)
            : new LstmGates.Backward(sums, peephole, c, c, dy, yStride, dh, dc, ends);
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      if (projected()) {
        backwardProjection(ends, t, output(dy, t), yStride, dh, dm, gradients);
      }
      s.at(t, sumsAt(t), beforeAt(t, hidden), afterAt(t, hidden));
      s.dyAt = outputAt(t);
      gates.backward(stream.team(), batch, s);
      if (peephole != null) {
        gates.backwardPeephole(stream.team(), batch, s, peephole(gradients.peephole()));
      }
      product(1, t, ends, sums, sumsAt(t), dh, 0);
      flush(order, dh);
      flush(order, dc);
    }
  }

  @Override
  void recurrentGradients(Weights gradients) {
    multiply.run(
        stream,
        true,
        false,
        4L * hidden,
        width,
        rows(),
        sums,
        4L * hidden,
        allBefore(h, width),
        width,
        1,
        gradients.recurrent(),
        width);
  }

  /** dm = (dh + dy) W_hr and dW_hr, both over the rows that go on; dh of those is spent. */
  private void backwardProjection(
      MemorySegment lengths,
      int t,
      MemorySegment dy,
      long yStride,
      MemorySegment dh,
      MemorySegment dm,
      Weights gradients) {
    int n = batch;
    var live = stream.stepScratch(bytes((long) n * width));
    for (int row = 0; row < n; row++) {
      boolean ended = ended(lengths, row, t);
      for (int j = 0; j < width; j++) {
        long at = (long) row * width + j;
        double d = ended ? 0 : reals.get(dh, at);
        d += ended || dy == null ? 0 : reals.get(dy, row * yStride + j);
        reals.set(live, at, d);
        if (!ended) {
          reals.set(dh, at, 0);
        }
      }
    }
    multiply.run(
        stream,
        false,
        false,
        n,
        hidden,
        width,
        live,
        width,
        weights.projection(),
        hidden,
        0,
        dm,
        hidden);
    multiply.run(
        stream,
        true,
        false,
        width,
        hidden,
        n,
        live,
        width,
        entry(m, t, hidden),
        hidden,
        1,
        gradients.projection(),
        hidden);
  }
}
