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

  private GruGates.Step at(int t, MemorySegment y, MemorySegment ends) {
    long stride = 3L * hidden;
    var sum = sum(t, 3 * hidden);
    return new GruGates.Step(
        sum,
        stride,
        candidate(sum, 1),
        stride,
        entry(q, run.training() ? t : 0, hidden),
        bias(),
        before(h, t, hidden),
        after(h, t, hidden),
        y,
        (long) spec.directions() * hidden,
        ends,
        t);
  }

  @Override
  void forward(
      MemorySegment x,
      MemorySegment[] initial,
      MemorySegment lengths,
      MemorySegment y,
      MemorySegment[] last) {
    int n = batch;
    var ends = ownLengths(lengths);
    copyOrZero(own(initial[0], hidden), before(h, step(0), hidden));
    for (int order = 0; order < run.steps(); order++) {
      int t = step(order);
      input(x, ends, order);
      var s = at(t, output(y, t), ends);
      product(0, t, ends, s.before(), s.rz());
      if (after) {
        product(1, t, ends, s.before(), s.q());
        gates.reset(stream.team(), n, s);
      } else {
        gates.reset(stream.team(), n, s);
        product(1, t, ends, s.q(), s.n());
      }
      gates.blend(stream.team(), n, s);
    }
    own(last[0], hidden).copyFrom(after(h, step(run.steps() - 1), hidden));
  }

  @Override
  void backward(MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients) {
    int n = batch;
    var ends = ownLengths(lengths);
    var dh = own(last[0], hidden);
    var drh = own(last[1], hidden);
    for (int order = run.steps() - 1; order >= 0; order--) {
      int t = step(order);
      var s = at(t, null, ends);
      gates.blendBack(stream.team(), n, s, output(dy, t), dh);
      if (after) {
        product(3, t, ends, s.q(), dh);
      } else {
        product(3, t, ends, s.n(), drh);
        gates.resetBack(stream.team(), n, s, drh, dh);
      }
      product(2, t, ends, s.rz(), dh);
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
