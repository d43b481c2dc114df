package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.oneMinus;
import static dev.sluice.cpu.Lanes.sigmoid;
import static dev.sluice.cpu.Lanes.store;
import static dev.sluice.cpu.Lanes.tanh;

import java.lang.foreign.MemorySegment;

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
    for (long e = 0; e < end; e += STEP) {
      var i = load(xs, x + e).add(load(ys, y + e));
      var f = load(xs, x + gate + e).add(load(ys, y + gate + e)).add(fb);
      store(sigmoid(i), xs, x + e);
      store(sigmoid(f), xs, x + gate + e);
    }
    for (long e = 0; e < end; e += STEP) {
      var g = load(xs, x + 2 * gate + e).add(load(ys, y + 2 * gate + e));
      store(tanh(g), xs, x + 2 * gate + e);
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
      var fresh = load(xs, x + e).mul(load(xs, x + 2 * gate + e));
      var value = load(xs, x + gate + e).fma(load(before, at + e), fresh);
      store(value, after, at + e);
      store(value, both, bothAt + e);
      if (delta != null) {
        store(fresh, delta, at + e);
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
      store(load(b, bAt + e).add(load(a, aAt + e)), b, bAt + e);
    }
  }

  /** What goes through the forget gate to the memory before. */
  private static void carry(
      long end, MemorySegment fs, long f, MemorySegment dc, long dcAt, MemorySegment to, long at) {
    for (long e = 0; to != null && e < end; e += STEP) {
      store(load(dc, dcAt + e).fma(load(fs, f + e), load(to, at + e)), to, at + e);
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
      var f = load(xs, x + gate + e);
      var df = load(dc, dcAt + e).mul(load(before, at + e)).mul(f).mul(oneMinus(f));
      store(df, xs, x + gate + e);
      store(df, ys, y + gate + e);
    }
    addTo(end, delta, at, dc, dcAt);
    for (long e = 0; e < end; e += STEP) {
      var i = load(xs, x + e);
      var g = load(xs, x + 2 * gate + e);
      var d = load(dc, dcAt + e);
      var di = d.mul(g).mul(i).mul(oneMinus(i));
      var dg = d.mul(i).mul(oneMinus(g.mul(g)));
      store(di, xs, x + e);
      store(di, ys, y + e);
      store(dg, xs, x + 2 * gate + e);
      store(dg, ys, y + 2 * gate + e);
    }
  }

  static int output(int row, int length, StLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long y = 4 * at + 3 * gate;
    for (long e = 0; e < 4L * whole(length); e += STEP) {
      var sum = load(s.xs(), x + e).add(load(s.hs(), y + e)).add(load(s.os(), at + e));
      var o = sigmoid(sum);
      var t = tanh(load(s.last(), at + e));
      store(o, s.xs(), x + e);
      store(t, s.last(), at + e);
      store(o.mul(t), s.h(), at + e);
    }
    return whole(length);
  }

  static int outputBackward(int row, int length, StLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long y = 4 * at + 3 * gate;
    for (long e = 0; e < 4L * whole(length); e += STEP) {
      var o = load(s.xs(), x + e);
      var t = load(s.last(), at + e);
      var dh = load(s.h(), at + e);
      var da = dh.mul(t).mul(o).mul(oneMinus(o));
      store(da, s.xs(), x + e);
      store(da, s.hs(), y + e);
      store(da, s.os(), at + e);
      store(dh.mul(o).mul(oneMinus(t.mul(t))), s.last(), at + e);
    }
    return whole(length);
  }
}
