package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** {@link StLstmGates} over vectors: whole vectors of one row, the rest is the caller's. */
final class StLstmGatesVector {
  private static final long STEP = 4L * Lanes.COUNT;

  private StLstmGatesVector() {}

  private static int whole(int length) {
    return length / Lanes.COUNT * Lanes.COUNT;
  }

  static int memory(int row, int length, StLstmGates.Memory s) {
    long gate = 4L * length;
    float fb = (float) s.forgetBias();
    long at = row * gate;
    long end = 4L * whole(length);
    gates(end, gate, s.xs(), 7 * at, s.hs(), 4 * at, fb);
    blend(end, gate, s.xs(), 7 * at, s.cBefore(), at, s.c(), s.both(), 2 * at, s.deltaC());
    gates(end, gate, s.xs(), 7 * at + 3 * gate, s.ms(), 3 * at, fb);
    blend(
        end,
        gate,
        s.xs(),
        7 * at + 3 * gate,
        s.mBefore(),
        at,
        s.m(),
        s.both(),
        2 * at + gate,
        s.deltaM());
    return whole(length);
  }

  /** i, f and g of one memory, from the sums of two convolutions. */
  private static void gates(
      long end, long gate, MemorySegment xs, long x, MemorySegment ys, long y, float fb) {
    for (long at = 0; ys != null && at < 3 * gate; at += gate) {
      Lanes.add(xs, x + at, ys, y + at, end);
    }
    add(xs, x + gate, x + gate + end, fb);
    Lanes.sigmoid(xs, x, x + end);
    Lanes.sigmoid(xs, x + gate, x + gate + end);
    Lanes.tanh(xs, x + 2 * gate, x + 2 * gate + end);
  }

  private static void add(MemorySegment x, long at, long end, float value) {
    var all = FloatVector.broadcast(WIDTH, value);
    for (long e = at; e < end; e += STEP) {
      fromMemorySegment(WIDTH, x, e, ORDER).add(all).intoMemorySegment(x, e, ORDER);
    }
  }

  private static void blend(
      long end,
      long gate,
      MemorySegment xs,
      long x,
      MemorySegment before,
      long at,
      MemorySegment after,
      MemorySegment both,
      long bothAt,
      MemorySegment delta) {
    for (long e = 0; e < end; e += STEP) {
      var fresh =
          fromMemorySegment(WIDTH, xs, x + e, ORDER)
              .mul(fromMemorySegment(WIDTH, xs, x + 2 * gate + e, ORDER));
      var value =
          fromMemorySegment(WIDTH, xs, x + gate + e, ORDER)
              .fma(fromMemorySegment(WIDTH, before, at + e, ORDER), fresh);
      value.intoMemorySegment(after, at + e, ORDER);
      value.intoMemorySegment(both, bothAt + e, ORDER);
      if (delta != null) {
        fresh.intoMemorySegment(delta, at + e, ORDER);
      }
    }
  }

  static int memoryBackward(int row, int length, StLstmGates.Memory s, StLstmGates.Owed d) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    addTo(end, d.c(), at, d.both(), 2 * at);
    carry(end, s.xs(), 7 * at + gate, d.both(), 2 * at, d.cBefore(), at);
    back(end, gate, s.xs(), 7 * at, s.hs(), 4 * at, s.cBefore(), at, d.both(), 2 * at, d.deltaC());
    long x = 7 * at + 3 * gate;
    long both = 2 * at + gate;
    addTo(end, d.m(), at, d.both(), both);
    carry(end, s.xs(), x + gate, d.both(), both, d.mBefore(), at);
    back(end, gate, s.xs(), x, s.ms(), 3 * at, s.mBefore(), at, d.both(), both, d.deltaM());
    return whole(length);
  }

  private static void addTo(long end, MemorySegment a, long aAt, MemorySegment b, long bAt) {
    for (long e = 0; a != null && e < end; e += STEP) {
      fromMemorySegment(WIDTH, b, bAt + e, ORDER)
          .add(fromMemorySegment(WIDTH, a, aAt + e, ORDER))
          .intoMemorySegment(b, bAt + e, ORDER);
    }
  }

  /** What goes through the forget gate to the memory before. */
  private static void carry(
      long end, MemorySegment fs, long f, MemorySegment dc, long dcAt, MemorySegment to, long at) {
    for (long e = 0; to != null && e < end; e += STEP) {
      fromMemorySegment(WIDTH, dc, dcAt + e, ORDER)
          .fma(
              fromMemorySegment(WIDTH, fs, f + e, ORDER),
              fromMemorySegment(WIDTH, to, at + e, ORDER))
          .intoMemorySegment(to, at + e, ORDER);
    }
  }

  private static void back(
      long end,
      long gate,
      MemorySegment xs,
      long x,
      MemorySegment ys,
      long y,
      MemorySegment before,
      long at,
      MemorySegment dc,
      long dcAt,
      MemorySegment delta) {
    for (long e = 0; e < end; e += STEP) {
      var f = fromMemorySegment(WIDTH, xs, x + gate + e, ORDER);
      var df =
          fromMemorySegment(WIDTH, dc, dcAt + e, ORDER)
              .mul(fromMemorySegment(WIDTH, before, at + e, ORDER))
              .mul(f)
              .mul(ONE.sub(f));
      df.intoMemorySegment(xs, x + gate + e, ORDER);
    }
    addTo(end, delta, at, dc, dcAt);
    for (long e = 0; e < end; e += STEP) {
      var i = fromMemorySegment(WIDTH, xs, x + e, ORDER);
      var g = fromMemorySegment(WIDTH, xs, x + 2 * gate + e, ORDER);
      var d = fromMemorySegment(WIDTH, dc, dcAt + e, ORDER);
      var di = d.mul(g).mul(i).mul(ONE.sub(i));
      var dg = d.mul(i).mul(ONE.sub(g.mul(g)));
      di.intoMemorySegment(xs, x + e, ORDER);
      dg.intoMemorySegment(xs, x + 2 * gate + e, ORDER);
    }
    for (long from = 0; ys != null && from < 3 * gate; from += gate) {
      Lanes.copy(xs, x + from, ys, y + from, end);
    }
  }

  static int output(int row, int length, StLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long end = 4L * whole(length);
    if (s.hs() != null) {
      Lanes.add(s.xs(), x, s.hs(), 4 * at + 3 * gate, end);
      Lanes.add(s.xs(), x, s.os(), at, end);
    }
    Lanes.sigmoid(s.xs(), x, x + end);
    Lanes.tanh(s.last(), at, at + end);
    for (long e = 0; e < end; e += STEP) {
      fromMemorySegment(WIDTH, s.xs(), x + e, ORDER)
          .mul(fromMemorySegment(WIDTH, s.last(), at + e, ORDER))
          .intoMemorySegment(s.h(), at + e, ORDER);
    }
    return whole(length);
  }

  static int outputBackward(int row, int length, StLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long end = 4L * whole(length);
    for (long e = 0; e < end; e += STEP) {
      var o = fromMemorySegment(WIDTH, s.xs(), x + e, ORDER);
      var t = fromMemorySegment(WIDTH, s.last(), at + e, ORDER);
      var dh = fromMemorySegment(WIDTH, s.h(), at + e, ORDER);
      var da = dh.mul(t).mul(o).mul(ONE.sub(o));
      da.intoMemorySegment(s.xs(), x + e, ORDER);
      dh.mul(o).mul(ONE.sub(t.mul(t))).intoMemorySegment(s.last(), at + e, ORDER);
    }
    if (s.hs() != null) {
      Lanes.copy(s.xs(), x, s.hs(), 4 * at + 3 * gate, end);
      Lanes.copy(s.xs(), x, s.os(), at, end);
    }
    return whole(length);
  }
}
