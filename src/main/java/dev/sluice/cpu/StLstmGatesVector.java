package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link StLstmGates} over vectors: whole vectors of one row, the rest is the caller's. Loops go by
 * addresses, 0 where there is none.
 */
final class StLstmGatesVector {
  private StLstmGatesVector() {}

  private static long at(MemorySegment memory, long bytes) {
    return memory == null ? 0 : memory.address() + bytes;
  }

  static int memory(int row, int length, StLstmGates.Memory s) {
    int whole = Lanes.whole(0, length);
    long gate = 4L * length;
    float fb = (float) s.forgetBias();
    long own = row * gate;
    long end = 4L * whole;
    long x = at(s.xs(), 7 * own);
    long both = at(s.both(), 2 * own);
    gates(whole, gate, x, at(s.hs(), 4 * own), fb);
    blend(end, gate, x, at(s.cBefore(), own), at(s.c(), own), both, at(s.deltaC(), own));
    x += 3 * gate;
    gates(whole, gate, x, at(s.ms(), 3 * own), fb);
    blend(end, gate, x, at(s.mBefore(), own), at(s.m(), own), both + gate, at(s.deltaM(), own));
    return whole;
  }

  /** i, f and g of one memory, from the sums of two convolutions. */
  private static void gates(int count, long gate, long x, long y, float fb) {
    for (long from = 0; y != 0 && from < 3 * gate; from += gate) {
      Lanes.add(y + from, x + from, count);
    }
    long end = 4L * count;
    add(x + gate, x + gate + end, fb);
    Lanes.sigmoid(x, x + end);
    Lanes.sigmoid(x + gate, x + gate + end);
    Lanes.tanh(x + 2 * gate, x + 2 * gate + end);
  }

  private static void add(long at, long end, float value) {
    var all = FloatVector.broadcast(WIDTH, value);
    for (long e = at; e < end; e += STEP) {
      fromMemorySegment(WIDTH, MEMORY, e, ORDER).add(all).intoMemorySegment(MEMORY, e, ORDER);
    }
  }

  private static void blend(
      long end, long gate, long x, long before, long after, long both, long delta) {
    for (long e = 0; e < end; e += STEP) {
      var fresh =
          fromMemorySegment(WIDTH, MEMORY, x + e, ORDER)
              .mul(fromMemorySegment(WIDTH, MEMORY, x + 2 * gate + e, ORDER));
      var value =
          fromMemorySegment(WIDTH, MEMORY, x + gate + e, ORDER)
              .fma(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER), fresh);
      value.intoMemorySegment(MEMORY, after + e, ORDER);
      value.intoMemorySegment(MEMORY, both + e, ORDER);
      if (delta != 0) {
        fresh.intoMemorySegment(MEMORY, delta + e, ORDER);
      }
    }
  }

  static int memoryBackward(int row, int length, StLstmGates.Memory s, StLstmGates.Owed d) {
    int whole = Lanes.whole(0, length);
    long gate = 4L * length;
    long own = row * gate;
    long x = at(s.xs(), 7 * own);
    long both = at(d.both(), 2 * own);
    addTo(whole, at(d.c(), own), both);
    carry(whole, x + gate, both, at(d.cBefore(), own));
    long before = at(s.cBefore(), own);
    back(whole, gate, x, at(s.hs(), 4 * own), before, both, at(d.deltaC(), own));
    x += 3 * gate;
    both += gate;
    addTo(whole, at(d.m(), own), both);
    carry(whole, x + gate, both, at(d.mBefore(), own));
    before = at(s.mBefore(), own);
    back(whole, gate, x, at(s.ms(), 3 * own), before, both, at(d.deltaM(), own));
    return whole;
  }

  private static void addTo(int count, long from, long to) {
    if (from != 0) {
      Lanes.add(from, to, count);
    }
  }

  /** What goes through the forget gate to the memory before. */
  private static void carry(int count, long f, long dc, long to) {
    if (to != 0) {
      Lanes.addProduct(to, dc, f, 4L * count);
    }
  }

  private static void back(int count, long gate, long x, long y, long before, long dc, long delta) {
    long end = 4L * count;
    forgetBack(end, x + gate, before, dc);
    addTo(count, delta, dc);
    inputBack(end, x, gate, dc);
    for (long from = 0; y != 0 && from < 3 * gate; from += gate) {
      Lanes.copy(x + from, y + from, count);
    }
  }

  private static void forgetBack(long end, long fAt, long before, long dc) {
    for (long e = 0; e < end; e += STEP) {
      var f = fromMemorySegment(WIDTH, MEMORY, fAt + e, ORDER);
      fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER)
          .mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER))
          .mul(f)
          .mul(ONE.sub(f))
          .intoMemorySegment(MEMORY, fAt + e, ORDER);
    }
  }

  private static void inputBack(long end, long iAt, long gate, long dc) {
    for (long e = 0; e < end; e += STEP) {
      var i = fromMemorySegment(WIDTH, MEMORY, iAt + e, ORDER);
      var g = fromMemorySegment(WIDTH, MEMORY, iAt + 2 * gate + e, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER);
      var di = d.mul(g).mul(i).mul(ONE.sub(i));
      var dg = d.mul(i).mul(ONE.sub(g.mul(g)));
      di.intoMemorySegment(MEMORY, iAt + e, ORDER);
      dg.intoMemorySegment(MEMORY, iAt + 2 * gate + e, ORDER);
    }
  }

  static int output(int row, int length, StLstmGates.Output s) {
    int whole = Lanes.whole(0, length);
    long gate = 4L * length;
    long own = row * gate;
    long x = at(s.xs(), 7 * own + 6 * gate);
    long last = at(s.last(), own);
    long end = 4L * whole;
    if (s.hs() != null) {
      Lanes.add(at(s.hs(), 4 * own + 3 * gate), x, whole);
      Lanes.add(at(s.os(), own), x, whole);
    }
    Lanes.sigmoid(x, x + end);
    Lanes.tanh(last, last + end);
    Lanes.product(x, last, at(s.h(), own), end);
    return whole;
  }

  static int outputBackward(int row, int length, StLstmGates.Output s) {
    int whole = Lanes.whole(0, length);
    long gate = 4L * length;
    long own = row * gate;
    long x = at(s.xs(), 7 * own + 6 * gate);
    outputBack(4L * whole, x, at(s.last(), own), at(s.h(), own));
    if (s.hs() != null) {
      Lanes.copy(x, at(s.hs(), 4 * own + 3 * gate), whole);
      Lanes.copy(x, at(s.os(), own), whole);
    }
    return whole;
  }

  private static void outputBack(long end, long x, long last, long h) {
    for (long e = 0; e < end; e += STEP) {
      var o = fromMemorySegment(WIDTH, MEMORY, x + e, ORDER);
      var t = fromMemorySegment(WIDTH, MEMORY, last + e, ORDER);
      var dh = fromMemorySegment(WIDTH, MEMORY, h + e, ORDER);
      dh.mul(t).mul(o).mul(ONE.sub(o)).intoMemorySegment(MEMORY, x + e, ORDER);
      dh.mul(o).mul(ONE.sub(t.mul(t))).intoMemorySegment(MEMORY, last + e, ORDER);
    }
  }
}
