package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.sigmoid;
import static dev.sluice.cpu.Lanes.store;
import static dev.sluice.cpu.Lanes.tanh;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link LstmGates} over vectors: whole vectors of one row, the rest of the row is the caller's.
 * Two small loops forward, since one large loop took twice the time.
 */
final class LstmGatesVector {
  private LstmGatesVector() {}

  /** {@return how many elements of the row are done} */
  static int forward(int row, int length, float forgetBias, long peepholeAt, LstmGates.Forward s) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long gates = 16L * row * length;
    long gate = 4L * length;
    long at = 4L * row * length;
    if (s.bias() != null) {
      addBias(whole, gates, gate, s.gates(), s.bias()[0], s.bias()[1]);
    }
    if (s.peephole() != null) {
      peepBefore(whole, gates, gate, at, 4 * peepholeAt, s);
    }
    cell(whole, gates, gate, at, forgetBias, s.gates(), s.before(), s.after());
    if (s.peephole() != null) {
      var p = s.peephole()[2];
      addProduct(whole, gates + 3 * gate, s.gates(), 4 * peepholeAt, p, at, s.after());
    }
    output(whole, gates + 3 * gate, at, s.gates(), s.after(), s.h());
    if (s.y() != null) {
      MemorySegment.copy(s.h(), at, s.y(), 4 * row * s.yStride(), 4L * whole);
    }
    return whole;
  }

  private static void addBias(
      int whole, long gates, long gate, MemorySegment a, MemorySegment b, MemorySegment more) {
    for (int k = 0; k < 4; k++) {
      for (int j = 0; j < whole; j += Lanes.COUNT) {
        long e = k * gate + 4L * j;
        store(load(a, gates + e).add(load(b, e)).add(load(more, e)), a, gates + e);
      }
    }
  }

  private static void peepBefore(
      int whole, long gates, long gate, long at, long p, LstmGates.Forward s) {
    addProduct(whole, gates, s.gates(), p, s.peephole()[0], at, s.before());
    addProduct(whole, gates + gate, s.gates(), p, s.peephole()[1], at, s.before());
  }

  /** a += p * c. */
  private static void addProduct(
      int whole, long aAt, MemorySegment a, long pAt, MemorySegment p, long cAt, MemorySegment c) {
    for (long e = 0; e < 4L * whole; e += 4L * Lanes.COUNT) {
      store(load(p, pAt + e).fma(load(c, cAt + e), load(a, aAt + e)), a, aAt + e);
    }
  }

  private static void cell(
      int whole,
      long gates,
      long gate,
      long at,
      float forgetBias,
      MemorySegment a,
      MemorySegment before,
      MemorySegment after) {
    for (long e = 0; e < 4L * whole; e += 4L * Lanes.COUNT) {
      var i = sigmoid(load(a, gates + e));
      var f = sigmoid(load(a, gates + gate + e).add(forgetBias));
      var g = tanh(load(a, gates + 2 * gate + e));
      store(i, a, gates + e);
      store(f, a, gates + gate + e);
      store(g, a, gates + 2 * gate + e);
      store(f.fma(load(before, at + e), i.mul(g)), after, at + e);
    }
  }

  private static void output(
      int whole, long oAt, long at, MemorySegment a, MemorySegment after, MemorySegment h) {
    for (long e = 0; e < 4L * whole; e += 4L * Lanes.COUNT) {
      var o = sigmoid(load(a, oAt + e));
      store(o, a, oAt + e);
      store(o.mul(tanh(load(after, at + e))), h, at + e);
    }
  }

  /** {@return how many elements of the row are done} */
  static int backward(int row, int length, long peepholeAt, LstmGates.Backward s) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long gates = 16L * row * length;
    long gate = 4L * length;
    long at = 4L * row * length;
    if (s.dy() != null) {
      addTo(whole, 4 * row * s.yStride(), s.dy(), at, s.dh());
    }
    output(whole, gates + 3 * gate, at, s.gates(), s.after(), s.dh(), s.dc());
    if (s.peephole() != null) {
      var p = s.peephole()[2];
      addProduct(whole, at, s.dc(), 4 * peepholeAt, p, gates + 3 * gate, s.gates());
    }
    cell(whole, gates, gate, at, s.gates(), s.before(), s.dc());
    if (s.peephole() != null) {
      long p = 4 * peepholeAt;
      addProduct(whole, at, s.dc(), p, s.peephole()[0], gates, s.gates());
      addProduct(whole, at, s.dc(), p, s.peephole()[1], gates + gate, s.gates());
    }
    return whole;
  }

  private static void addTo(int whole, long from, MemorySegment a, long to, MemorySegment b) {
    for (long e = 0; e < 4L * whole; e += 4L * Lanes.COUNT) {
      store(load(b, to + e).add(load(a, from + e)), b, to + e);
    }
  }

  /** da_o, and dc plus what came through h; dh is spent. */
  private static void output(
      int whole,
      long oAt,
      long at,
      MemorySegment a,
      MemorySegment after,
      MemorySegment dh,
      MemorySegment dc) {
    for (long e = 0; e < 4L * whole; e += 4L * Lanes.COUNT) {
      var o = load(a, oAt + e);
      var t = tanh(load(after, at + e));
      var d = load(dh, at + e);
      var through = d.mul(o).mul(oneMinus(t.mul(t)));
      store(load(dc, at + e).add(through), dc, at + e);
      store(d.mul(t).mul(o).mul(oneMinus(o)), a, oAt + e);
      store(FloatVector.zero(Lanes.WIDTH), dh, at + e);
    }
  }

  private static void cell(
      int whole,
      long gates,
      long gate,
      long at,
      MemorySegment a,
      MemorySegment before,
      MemorySegment dc) {
    for (long e = 0; e < 4L * whole; e += 4L * Lanes.COUNT) {
      var i = load(a, gates + e);
      var f = load(a, gates + gate + e);
      var g = load(a, gates + 2 * gate + e);
      var d = load(dc, at + e);
      store(d.mul(g).mul(i).mul(oneMinus(i)), a, gates + e);
      store(d.mul(load(before, at + e)).mul(f).mul(oneMinus(f)), a, gates + gate + e);
      store(d.mul(i).mul(oneMinus(g.mul(g))), a, gates + 2 * gate + e);
      store(d.mul(f), dc, at + e);
    }
  }

  private static FloatVector oneMinus(FloatVector v) {
    return v.neg().add(1f);
  }
}
