package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/**
 * {@link LstmGates} over vectors: elements from..to of one row, a multiple of a vector's. Small
 * loops, with one tanh at most: larger ones took twice the time and boxed their vectors. They go by
 * addresses: rows of frames are short, and a loop's checks of what it reads took as long as a row.
 */
final class LstmGatesVector {
  private LstmGatesVector() {}

  static void forward(int row, int length, int from, int to, long peepholeAt, LstmGates.Forward s) {
    long gate = 4L * length;
    long i = s.gates.address() + 4 * (s.gatesAt + row * s.gatesStride + from);
    long f = i + gate;
    long g = f + gate;
    long o = g + gate;
    long own = gate * row + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long after = s.after.address() + 4 * s.afterAt + own;
    long bytes = 4L * (to - from);
    long p = 4 * (peepholeAt + from);
    if (s.peephole != null) {
      Lanes.addProduct(i, s.peephole[0].address() + p, before, bytes);
      Lanes.addProduct(f, s.peephole[1].address() + p, before, bytes);
    }
    boolean biased = s.bias != null;
    long b = biased ? s.bias.address() + 4L * from : 0;
    if (from == 0 && to == length) {
      sigmoid(2 * bytes, i, biased, b);
    } else {
      sigmoid(bytes, i, biased, b);
      sigmoid(bytes, f, biased, b + gate);
    }
    if (s.kept == null) {
      cell(bytes, i, gate, biased, b + 2 * gate, before, after);
    } else {
      activation(bytes, g, biased, b + 2 * gate);
      KeptGatesVector.keep(row, length, from, to, i, s.kept, before, after);
    }
    if (s.peephole != null) {
      Lanes.addProduct(o, s.peephole[2].address() + p, after, bytes);
    }
    sigmoid(bytes, o, biased, b + 3 * gate);
    long h = s.h.address() + 4 * s.hAt + own;
    if (s.kept != null) {
      KeptGatesVector.output(bytes, o, after, h);
    } else if (s.y == null) {
      output(bytes, o, after, h, h);
    } else {
      output(bytes, o, after, h, s.y.address() + 4 * (s.yAt + row * s.yStride + from));
    }
  }

  /** a = tanh(a + bias). */
  private static void activation(long bytes, long at, boolean biased, long bias) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      tanh(sum(at + e, biased, bias + e)).intoMemorySegment(MEMORY, at + e, ORDER);
    }
  }

  /** a = s(a + bias). */
  private static void sigmoid(long bytes, long at, boolean biased, long bias) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      Lanes.sigmoid(sum(at + e, biased, bias + e)).intoMemorySegment(MEMORY, at + e, ORDER);
    }
  }

  private static FloatVector sum(long at, boolean biased, long bias) {
    var sum = fromMemorySegment(WIDTH, MEMORY, at, ORDER);
    return biased ? sum.add(fromMemorySegment(WIDTH, MEMORY, bias, ORDER)) : sum;
  }

  /** g = tanh(a_g), c' = f c + i g. */
  private static void cell(
      long bytes, long i, long gate, boolean biased, long bias, long before, long after) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var g = tanh(sum(i + 2 * gate + e, biased, bias + e));
      g.intoMemorySegment(MEMORY, i + 2 * gate + e, ORDER);
      fromMemorySegment(WIDTH, MEMORY, i + gate + e, ORDER)
          .fma(
              fromMemorySegment(WIDTH, MEMORY, before + e, ORDER),
              fromMemorySegment(WIDTH, MEMORY, i + e, ORDER).mul(g))
          .intoMemorySegment(MEMORY, after + e, ORDER);
    }
  }

  /** h = o tanh(c), in two places. */
  private static void output(long bytes, long o, long after, long h, long y) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var out =
          fromMemorySegment(WIDTH, MEMORY, o + e, ORDER)
              .mul(tanh(fromMemorySegment(WIDTH, MEMORY, after + e, ORDER)));
      out.intoMemorySegment(MEMORY, h + e, ORDER);
      out.intoMemorySegment(MEMORY, y + e, ORDER);
    }
  }

  static void backward(
      int row, int length, int from, int to, long peepholeAt, LstmGates.Backward s) {
    long gate = 4L * length;
    long i = s.gates.address() + 4 * s.gatesAt + 4 * gate * row + 4L * from;
    long f = i + gate;
    long o = f + 2 * gate;
    long own = gate * row + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long after = s.after.address() + 4 * s.afterAt + own;
    long dh = s.dh.address() + own;
    long dc = s.dc.address() + own;
    long bytes = 4L * (to - from);
    long p = 4 * (peepholeAt + from);
    if (s.dy != null) {
      Lanes.add(s.dy.address() + 4 * (s.dyAt + row * s.yStride + from), dh, to - from);
    }
    if (s.kept != null) {
      KeptGatesVector.gates(row, length, from, to, i, s, after);
    }
    if (s.peephole == null) {
      if (s.kept == null) {
        Lanes.tanh(after, after + bytes);
      }
      cellBack(bytes, o, after, dh, dc);
      outputBack(bytes, o, after, dh);
    } else {
      peepedBack(bytes, o, after, dh, dc);
    }
    Lanes.zero(dh, dh + bytes);
    if (s.peephole != null) {
      Lanes.addProduct(dc, s.peephole[2].address() + p, o, bytes);
    }
    inputBack(bytes, i, gate, dc);
    forgetBack(bytes, f, before, dc);
    if (s.peephole != null) {
      Lanes.addProduct(dc, s.peephole[0].address() + p, i, bytes);
      Lanes.addProduct(dc, s.peephole[1].address() + p, f, bytes);
    }
  }

  /** dc plus what came through h, t = tanh(c). */
  private static void cellBack(long bytes, long oAt, long t, long dh, long dc) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var slope = fromMemorySegment(WIDTH, MEMORY, t + e, ORDER);
      var through =
          fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER)
              .mul(fromMemorySegment(WIDTH, MEMORY, oAt + e, ORDER));
      ONE.sub(slope.mul(slope))
          .fma(through, fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER))
          .intoMemorySegment(MEMORY, dc + e, ORDER);
    }
  }

  /** da_o, t = tanh(c). */
  private static void outputBack(long bytes, long oAt, long t, long dh) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var o = fromMemorySegment(WIDTH, MEMORY, oAt + e, ORDER);
      fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER)
          .mul(o)
          .mul(fromMemorySegment(WIDTH, MEMORY, t + e, ORDER))
          .mul(ONE.sub(o))
          .intoMemorySegment(MEMORY, oAt + e, ORDER);
    }
  }

  /** The same where c is still needed, for the gradient of a peephole. */
  private static void peepedBack(long bytes, long oAt, long after, long dh, long dc) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var o = fromMemorySegment(WIDTH, MEMORY, oAt + e, ORDER);
      var t = tanh(fromMemorySegment(WIDTH, MEMORY, after + e, ORDER));
      var through = fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER).mul(o);
      ONE.sub(t.mul(t))
          .fma(through, fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER))
          .intoMemorySegment(MEMORY, dc + e, ORDER);
      through.mul(t).mul(ONE.sub(o)).intoMemorySegment(MEMORY, oAt + e, ORDER);
    }
  }

  /** da_i and da_g. */
  private static void inputBack(long bytes, long iAt, long gate, long dc) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var i = fromMemorySegment(WIDTH, MEMORY, iAt + e, ORDER);
      var g = fromMemorySegment(WIDTH, MEMORY, iAt + 2 * gate + e, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER).mul(i);
      d.mul(g).mul(ONE.sub(i)).intoMemorySegment(MEMORY, iAt + e, ORDER);
      d.mul(ONE.sub(g.mul(g))).intoMemorySegment(MEMORY, iAt + 2 * gate + e, ORDER);
    }
  }

  /** da_f, and dc as c_{t-1} gets it. */
  private static void forgetBack(long bytes, long fAt, long before, long dc) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var f = fromMemorySegment(WIDTH, MEMORY, fAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER).mul(f);
      d.mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER))
          .mul(ONE.sub(f))
          .intoMemorySegment(MEMORY, fAt + e, ORDER);
      d.intoMemorySegment(MEMORY, dc + e, ORDER);
    }
  }
}
