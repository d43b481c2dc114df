package dev.sluice.cpu;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A GRU's recurrence; see {@link GruGates} for what lies in q with each reset. */
final class GruStrand extends Strand {
  private final GruGates gates;
  private final boolean after;
  private final MemorySegment sums;
  private final MemorySegment h;
  private final MemorySegment q;
  private final int hidden;

  /**
   * @param reserve sums, h, q
   */
  GruStrand(
      CpuStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      Steps steps,
      MemorySegment[] reserve) {
    super(stream, spec, run, reverse, weights, steps);
    hidden = spec.hidden();
    after = spec.kind() == RnnSpec.Kind.GRU_RESET_AFTER;
    gates = new GruGates(reals, hidden, after, spec.blend() == RnnSpec.Blend.UPDATE);
    sums = reserve[0];
    h = reserve[1];
    q = reserve[2];
  }

  /** Bytes of each part of the reserve. */
  static long[] reserve(RnnSpec spec, RnnSpec.Run run, Cut cut) {
    long one = (long) run.batch() * spec.hidden() * spec.type().bytes();
    return new long[] {
      3 * cut.sums(run) * one, Cut.states(run) * one, (run.training() ? run.steps() : 1) * one
    };
  }

  /** Forward r and z, forward n; back r and z, back n. */
  static List<StepProduct.Spec> products(RnnSpec spec, int batch) {
    int h = spec.hidden();
    boolean after = spec.kind() == RnnSpec.Kind.GRU_RESET_AFTER;
    long n = after ? h : 3L * h;
    return List.of(
        new StepProduct.Spec(batch, h, 2 * h, h, 3L * h, 0, true, true),
        new StepProduct.Spec(batch, h, h, h, n, 2 * h, true, !after),
        new StepProduct.Spec(batch, 2 * h, h, 3L * h, h, 0, false, true),
        new StepProduct.Spec(batch, h, h, n, h, 2 * h, false, after));
  }

  @Override
  MemorySegment sums() {
    return sums;
  }

  /** The rows of the candidate in a [3H, ...] matrix or the columns of a [.., 3H] one. */
  private MemorySegment candidate(MemorySegment all, int width) {
    return all.asSlice(bytes(2L * hidden * width));
  }

  /** The steps' tensors, dh and drh null forward, y the gradient of it on the way back. */
  private GruGates.Step steps(
      MemorySegment y, MemorySegment dh, MemorySegment drh, MemorySegment ends) {
    long stride = 3L * hidden;
    long yStride = (long) spec.directions() * hidden;
    var state = dh == null ? h : dh;
    return new GruGates.Step(
        sums, stride, candidate(sums, 1), stride, q, bias(), h, state, y, yStride, drh, ends);
  }

  private long sumsAt(int t) {
    return sumAt(t, 3 * hidden);
  }

  private long qAt(int t) {
    return entryAt(run.training() ? t : 0, hidden);
  }

  @Override
  Runnable forward(
      MemorySegment x,
      MemorySegment[] initial,
      MemorySegment lengths,
      MemorySegment y,
      MemorySegment[] last) {
    var ends = ownLengths(lengths);
    var s = steps(y, null, null, ends);
    return () -> {
      start(initial[0], h, hidden);
      for (int order = 0; order < run.steps(); order++) {
        int t = step(order);
        input(x, ends, order);
        s.at(t, sumsAt(t), qAt(t), beforeAt(t, hidden), afterAt(t, hidden), outputAt(t));
        step(t, ends, s);
      }
      end(h, last[0], hidden);
    };
  }

  private void step(int t, MemorySegment ends, GruGates.Step s) {
    product(0, t, ends, h, s.beforeAt, sums, s.rzAt);
    if (after) {
      product(1, t, ends, h, s.beforeAt, q, s.qAt);
      gates.reset(stream.team(), batch, s);
    } else {
      gates.reset(stream.team(), batch, s);
      product(1, t, ends, q, s.qAt, s.n, s.nAt);
    }
    gates.blend(stream.team(), batch, s);
  }

  @Override
  void backward(MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients) {
    int n = batch;
    var ends = ownLengths(lengths);
    var dh = own(last[0], hidden);
    var drh = own(last[1], hidden);
    var s = steps(dy, dh, drh, ends);
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      s.at(t, sumsAt(t), qAt(t), beforeAt(t, hidden), 0, outputAt(t));
      gates.blendBack(stream.team(), n, s);
      if (after) {
        product(3, t, ends, q, s.qAt, dh, 0);
      } else {
        product(3, t, ends, s.n, s.nAt, drh, 0);
        gates.resetBack(stream.team(), n, s);
      }
      product(2, t, ends, sums, s.rzAt, dh, 0);
      flush(order, dh);
    }
  }

  @Override
  void recurrentGradients(Weights gradients) {
    multiply.run(
        stream,
        true,
        false,
        2L * hidden,
        hidden,
        rows(),
        sums,
        3L * hidden,
        allBefore(h, hidden),
        hidden,
        1,
        gradients.recurrent(),
        hidden);
    var into = candidate(gradients.recurrent(), hidden);
    if (after) {
      multiply.run(
          stream,
          true,
          false,
          hidden,
          hidden,
          rows(),
          q,
          hidden,
          allBefore(h, hidden),
          hidden,
          1,
          into,
          hidden);
    } else {
      multiply.run(
          stream,
          true,
          false,
          hidden,
          hidden,
          rows(),
          candidate(sums, 1),
          3L * hidden,
          q,
          hidden,
          1,
          into,
          hidden);
    }
  }

  /** With the reset after, b_hn is inside of what r multiplies and gets the gradient of q. */
  @Override
  void biasGradients(Weights gradients) {
    if (!after) {
      super.biasGradients(gradients);
      return;
    }
    var recurrent = gradients.recurrentBias();
    var into = gradients.inputBias();
    Loops.addColumns(stream.team(), reals, sums, rows(), 3L * hidden, 2 * hidden, into, recurrent);
    Loops.addColumns(
        stream.team(),
        reals,
        candidate(sums, 1),
        rows(),
        3L * hidden,
        hidden,
        candidate(into, 1),
        null);
    Loops.addColumns(
        stream.team(), reals, q, rows(), hidden, hidden, candidate(recurrent, 1), null);
  }
}
