package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** {@link CausalLstmGates} over vectors: whole vectors of one row, the rest is the caller's. */
final class CausalLstmGatesVector {
  private CausalLstmGatesVector() {}

  private static int whole(int length) {
    return length / Lanes.COUNT * Lanes.COUNT;
  }

  private static FloatVector sum(
      MemorySegment a, long atA, MemorySegment b, long atB, MemorySegment c, long atC) {
    return fromMemorySegment(WIDTH, a, atA, ORDER)
        .add(fromMemorySegment(WIDTH, b, atB, ORDER))
        .add(fromMemorySegment(WIDTH, c, atC, ORDER));
  }

  /** x += y + z + bias for some bytes. */
  private static void sum(
      long end,
      MemorySegment xs,
      long x,
      MemorySegment ys,
      long y,
      MemorySegment zs,
      long z,
      float bias) {
    var all = Lanes.all(bias);
    for (long e = 0; e < end; e += STEP) {
      fromMemorySegment(WIDTH, xs, x + e, ORDER)
          .add(fromMemorySegment(WIDTH, ys, y + e, ORDER))
          .add(fromMemorySegment(WIDTH, zs, z + e, ORDER))
          .add(all)
          .intoMemorySegment(xs, x + e, ORDER);
    }
  }

  /** Activates the sums of i, f and g, one behind the other; to = f past + i g. */
  private static void blend(
      long end,
      long gate,
      MemorySegment xs,
      long x,
      MemorySegment past,
      long pastAt,
      MemorySegment to,
      long toAt) {
    long i = xs.address() + x;
    Lanes.sigmoid(i, i + end);
    Lanes.sigmoid(i + gate, i + gate + end);
    Lanes.tanh(i + 2 * gate, i + 2 * gate + end);
    for (long e = 0; e < end; e += STEP) {
      var fresh =
          fromMemorySegment(WIDTH, xs, x + e, ORDER)
              .mul(fromMemorySegment(WIDTH, xs, x + 2 * gate + e, ORDER));
      fromMemorySegment(WIDTH, xs, x + gate + e, ORDER)
          .fma(fromMemorySegment(WIDTH, past, pastAt + e, ORDER), fresh)
          .intoMemorySegment(to, toAt + e, ORDER);
    }
  }

  static int cell(int row, int length, CausalLstmGates.Cell s, float forgetBias) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    long x = 7 * at;
    long h = 4 * at;
    long c = 3 * at;
    sum(end, s.xs(), x, s.hs(), h, s.cs(), c, 0);
    sum(end, s.xs(), x + gate, s.hs(), h + gate, s.cs(), c + gate, forgetBias);
    sum(end, s.xs(), x + 2 * gate, s.hs(), h + 2 * gate, s.cs(), c + 2 * gate, 0);
    blend(end, gate, s.xs(), x, s.before(), at, s.c(), at);
    return whole(length);
  }

  static int cellBackward(int row, int length, CausalLstmGates.Cell s) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    for (long e = 0; s.owed() != null && e < end; e += STEP) {
      var f = fromMemorySegment(WIDTH, s.xs(), 7 * at + gate + e, ORDER);
      f.fma(
              fromMemorySegment(WIDTH, s.c(), at + e, ORDER),
              fromMemorySegment(WIDTH, s.owed(), at + e, ORDER))
          .intoMemorySegment(s.owed(), at + e, ORDER);
    }
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + e;
      var i = fromMemorySegment(WIDTH, s.xs(), x, ORDER);
      var g = fromMemorySegment(WIDTH, s.xs(), x + 2 * gate, ORDER);
      var dc = fromMemorySegment(WIDTH, s.c(), at + e, ORDER);
      put(at, e, s, dc.mul(g).mul(i).mul(ONE.sub(i)));
      put(at, e + 2 * gate, s, dc.mul(i).mul(ONE.sub(g.mul(g))));
    }
    for (long e = 0; e < end; e += STEP) {
      var f = fromMemorySegment(WIDTH, s.xs(), 7 * at + gate + e, ORDER);
      var dc = fromMemorySegment(WIDTH, s.c(), at + e, ORDER);
      put(
          at,
          e + gate,
          s,
          dc.mul(fromMemorySegment(WIDTH, s.before(), at + e, ORDER)).mul(f).mul(ONE.sub(f)));
    }
    return whole(length);
  }

  private static void put(long at, long e, CausalLstmGates.Cell s, FloatVector value) {
    value.intoMemorySegment(s.xs(), 7 * at + e, ORDER);
    value.intoMemorySegment(s.hs(), 4 * at + e, ORDER);
    value.intoMemorySegment(s.cs(), 3 * at + e, ORDER);
  }

  static int memory(int row, int length, CausalLstmGates.Memory s, float forgetBias) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    long x = 7 * at + 3 * gate;
    long m = 3 * at;
    long n = 4 * at;
    sum(end, s.xs(), x, s.ms(), m, s.ns(), n, 0);
    sum(end, s.xs(), x + gate, s.ms(), m + gate, s.ns(), n + 2 * gate, forgetBias);
    Lanes.add(s.ns().address() + n + gate, s.xs().address() + x + 2 * gate, whole(length));
    long past = s.ms().address() + m + 2 * gate;
    Lanes.tanh(past, past + end);
    blend(end, gate, s.xs(), x, s.ms(), m + 2 * gate, s.m(), at);
    long both = s.both().address() + 2 * at;
    Lanes.copy(s.c().address() + at, both, whole(length));
    Lanes.copy(s.m().address() + at, both + gate, whole(length));
    return whole(length);
  }

  static int memoryBackward(int row, int length, CausalLstmGates.Memory s) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    addTo(end, s.both(), 2 * at, s.c(), at);
    addTo(end, s.m(), at, s.both(), 2 * at + gate);
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + 4 * gate + e;
      long m = 3 * at + e;
      var f = fromMemorySegment(WIDTH, s.xs(), x, ORDER);
      var past = fromMemorySegment(WIDTH, s.ms(), m + 2 * gate, ORDER);
      var dm = fromMemorySegment(WIDTH, s.both(), 2 * at + gate + e, ORDER);
      var df = dm.mul(past).mul(f).mul(ONE.sub(f));
      df.intoMemorySegment(s.xs(), x, ORDER);
      df.intoMemorySegment(s.ms(), m + gate, ORDER);
      df.intoMemorySegment(s.ns(), 4 * at + 2 * gate + e, ORDER);
      dm.mul(f).mul(ONE.sub(past.mul(past))).intoMemorySegment(s.ms(), m + 2 * gate, ORDER);
    }
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + 3 * gate + e;
      long n = 4 * at + e;
      var i = fromMemorySegment(WIDTH, s.xs(), x, ORDER);
      var g = fromMemorySegment(WIDTH, s.xs(), x + 2 * gate, ORDER);
      var dm = fromMemorySegment(WIDTH, s.both(), 2 * at + gate + e, ORDER);
      var di = dm.mul(g).mul(i).mul(ONE.sub(i));
      var dg = dm.mul(i).mul(ONE.sub(g.mul(g)));
      di.intoMemorySegment(s.xs(), x, ORDER);
      di.intoMemorySegment(s.ms(), 3 * at + e, ORDER);
      di.intoMemorySegment(s.ns(), n, ORDER);
      dg.intoMemorySegment(s.xs(), x + 2 * gate, ORDER);
      dg.intoMemorySegment(s.ns(), n + gate, ORDER);
    }
    return whole(length);
  }

  private static void addTo(long end, MemorySegment a, long aAt, MemorySegment b, long bAt) {
    for (long e = 0; e < end; e += STEP) {
      fromMemorySegment(WIDTH, b, bAt + e, ORDER)
          .add(fromMemorySegment(WIDTH, a, aAt + e, ORDER))
          .intoMemorySegment(b, bAt + e, ORDER);
    }
  }

  static int output(int row, int length, CausalLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long y = 4 * at + 3 * gate;
    for (long e = 0; e < 4L * whole(length); e += STEP) {
      var sum =
          sum(s.xs(), x + e, s.hs(), y + e, s.ns(), y + e)
              .add(fromMemorySegment(WIDTH, s.os(), at + e, ORDER));
      var o = tanh(sum);
      var last = tanh(fromMemorySegment(WIDTH, s.last(), at + e, ORDER));
      o.intoMemorySegment(s.xs(), x + e, ORDER);
      last.intoMemorySegment(s.last(), at + e, ORDER);
      o.mul(last).intoMemorySegment(s.h(), at + e, ORDER);
    }
    return whole(length);
  }

  static int outputBackward(int row, int length, CausalLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long y = 4 * at + 3 * gate;
    for (long e = 0; e < 4L * whole(length); e += STEP) {
      var o = fromMemorySegment(WIDTH, s.xs(), x + e, ORDER);
      var last = fromMemorySegment(WIDTH, s.last(), at + e, ORDER);
      var dh = fromMemorySegment(WIDTH, s.h(), at + e, ORDER);
      var da = dh.mul(last).mul(ONE.sub(o.mul(o)));
      da.intoMemorySegment(s.xs(), x + e, ORDER);
      da.intoMemorySegment(s.hs(), y + e, ORDER);
      da.intoMemorySegment(s.ns(), y + e, ORDER);
      da.intoMemorySegment(s.os(), at + e, ORDER);
      dh.mul(o).mul(ONE.sub(last.mul(last))).intoMemorySegment(s.last(), at + e, ORDER);
    }
    return whole(length);
  }
}
