package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.oneMinus;
import static dev.sluice.cpu.Lanes.sigmoid;
import static dev.sluice.cpu.Lanes.store;
import static dev.sluice.cpu.Lanes.tanh;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** {@link CausalLstmGates} over vectors: whole vectors of one row, the rest is the caller's. */
final class CausalLstmGatesVector {
  private static final long STEP = 4L * Lanes.COUNT;

  private CausalLstmGatesVector() {}

  private static int whole(int length) {
    return length / Lanes.COUNT * Lanes.COUNT;
  }

  private static FloatVector sum(
      MemorySegment a, long atA, MemorySegment b, long atB, MemorySegment c, long atC) {
    return load(a, atA).add(load(b, atB)).add(load(c, atC));
  }

  static int cell(int row, int length, CausalLstmGates.Cell s, float forgetBias) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + e;
      long h = 4 * at + e;
      long c = 3 * at + e;
      var i = sum(s.xs(), x, s.hs(), h, s.cs(), c);
      var f = sum(s.xs(), x + gate, s.hs(), h + gate, s.cs(), c + gate).add(forgetBias);
      store(sigmoid(i), s.xs(), x);
      store(sigmoid(f), s.xs(), x + gate);
    }
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + e;
      var sum =
          sum(s.xs(), x + 2 * gate, s.hs(), 4 * at + 2 * gate + e, s.cs(), 3 * at + 2 * gate + e);
      var g = tanh(sum);
      store(g, s.xs(), x + 2 * gate);
      var c = load(s.xs(), x + gate).fma(load(s.before(), at + e), load(s.xs(), x).mul(g));
      store(c, s.c(), at + e);
    }
    return whole(length);
  }

  static int cellBackward(int row, int length, CausalLstmGates.Cell s) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    for (long e = 0; s.owed() != null && e < end; e += STEP) {
      var f = load(s.xs(), 7 * at + gate + e);
      store(f.fma(load(s.c(), at + e), load(s.owed(), at + e)), s.owed(), at + e);
    }
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + e;
      var i = load(s.xs(), x);
      var g = load(s.xs(), x + 2 * gate);
      var dc = load(s.c(), at + e);
      put(at, e, s, dc.mul(g).mul(i).mul(oneMinus(i)));
      put(at, e + 2 * gate, s, dc.mul(i).mul(oneMinus(g.mul(g))));
    }
    for (long e = 0; e < end; e += STEP) {
      var f = load(s.xs(), 7 * at + gate + e);
      var dc = load(s.c(), at + e);
      put(at, e + gate, s, dc.mul(load(s.before(), at + e)).mul(f).mul(oneMinus(f)));
    }
    return whole(length);
  }

  private static void put(long at, long e, CausalLstmGates.Cell s, FloatVector value) {
    store(value, s.xs(), 7 * at + e);
    store(value, s.hs(), 4 * at + e);
    store(value, s.cs(), 3 * at + e);
  }

  static int memory(int row, int length, CausalLstmGates.Memory s, float forgetBias) {
    long gate = 4L * length;
    long at = row * gate;
    long end = 4L * whole(length);
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + 3 * gate + e;
      long m = 3 * at + e;
      long n = 4 * at + e;
      var i = sum(s.xs(), x, s.ms(), m, s.ns(), n);
      var f = sum(s.xs(), x + gate, s.ms(), m + gate, s.ns(), n + 2 * gate).add(forgetBias);
      store(sigmoid(i), s.xs(), x);
      store(sigmoid(f), s.xs(), x + gate);
    }
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + 3 * gate + e;
      long m = 3 * at + 2 * gate + e;
      var g = tanh(load(s.xs(), x + 2 * gate).add(load(s.ns(), 4 * at + gate + e)));
      var past = tanh(load(s.ms(), m));
      store(g, s.xs(), x + 2 * gate);
      store(past, s.ms(), m);
      var fresh = load(s.xs(), x + gate).fma(past, load(s.xs(), x).mul(g));
      store(fresh, s.m(), at + e);
      store(load(s.c(), at + e), s.both(), 2 * at + e);
      store(fresh, s.both(), 2 * at + gate + e);
    }
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
      var f = load(s.xs(), x);
      var past = load(s.ms(), m + 2 * gate);
      var dm = load(s.both(), 2 * at + gate + e);
      var df = dm.mul(past).mul(f).mul(oneMinus(f));
      store(df, s.xs(), x);
      store(df, s.ms(), m + gate);
      store(df, s.ns(), 4 * at + 2 * gate + e);
      store(dm.mul(f).mul(oneMinus(past.mul(past))), s.ms(), m + 2 * gate);
    }
    for (long e = 0; e < end; e += STEP) {
      long x = 7 * at + 3 * gate + e;
      long n = 4 * at + e;
      var i = load(s.xs(), x);
      var g = load(s.xs(), x + 2 * gate);
      var dm = load(s.both(), 2 * at + gate + e);
      var di = dm.mul(g).mul(i).mul(oneMinus(i));
      var dg = dm.mul(i).mul(oneMinus(g.mul(g)));
      store(di, s.xs(), x);
      store(di, s.ms(), 3 * at + e);
      store(di, s.ns(), n);
      store(dg, s.xs(), x + 2 * gate);
      store(dg, s.ns(), n + gate);
    }
    return whole(length);
  }

  private static void addTo(long end, MemorySegment a, long aAt, MemorySegment b, long bAt) {
    for (long e = 0; e < end; e += STEP) {
      store(load(b, bAt + e).add(load(a, aAt + e)), b, bAt + e);
    }
  }

  static int output(int row, int length, CausalLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long y = 4 * at + 3 * gate;
    for (long e = 0; e < 4L * whole(length); e += STEP) {
      var sum = sum(s.xs(), x + e, s.hs(), y + e, s.ns(), y + e).add(load(s.os(), at + e));
      var o = tanh(sum);
      var last = tanh(load(s.last(), at + e));
      store(o, s.xs(), x + e);
      store(last, s.last(), at + e);
      store(o.mul(last), s.h(), at + e);
    }
    return whole(length);
  }

  static int outputBackward(int row, int length, CausalLstmGates.Output s) {
    long gate = 4L * length;
    long at = row * gate;
    long x = 7 * at + 6 * gate;
    long y = 4 * at + 3 * gate;
    for (long e = 0; e < 4L * whole(length); e += STEP) {
      var o = load(s.xs(), x + e);
      var last = load(s.last(), at + e);
      var dh = load(s.h(), at + e);
      var da = dh.mul(last).mul(oneMinus(o.mul(o)));
      store(da, s.xs(), x + e);
      store(da, s.hs(), y + e);
      store(da, s.ns(), y + e);
      store(da, s.os(), at + e);
      store(dh.mul(o).mul(oneMinus(last.mul(last))), s.last(), at + e);
    }
    return whole(length);
  }
}
