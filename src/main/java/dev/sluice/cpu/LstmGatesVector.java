package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link LstmGates} over vectors: elements from..to of one row, a multiple of a vector's. Small
 * loops, with one tanh at most: larger ones took twice the time and boxed their vectors.
 */
final class LstmGatesVector {
  private LstmGatesVector() {}

  static void forward(int row, int length, int from, int to, long peepholeAt, LstmGates.Forward s) {
    long gate = 4L * length;
    long i = 4 * (s.gatesAt + row * s.gatesStride + from);
    long f = i + gate;
    long g = f + gate;
    long o = g + gate;
    long c = gate * row + 4L * from;
    long before = 4 * s.beforeAt + c;
    long after = 4 * s.afterAt + c;
    long bytes = 4L * (to - from);
    long p = 4 * (peepholeAt + from);
    var a = s.gates;
    var bias = s.bias;
    long b = 4L * from;
    if (s.peephole != null) {
      Lanes.addProduct(a, i, s.peephole[0], p, s.before, before, bytes);
      Lanes.addProduct(a, f, s.peephole[1], p, s.before, before, bytes);
    }
    if (from == 0 && to == length) {
      sigmoid(2 * bytes, a, i, bias, b);
    } else {
      sigmoid(bytes, a, i, bias, b);
      sigmoid(bytes, a, f, bias, b + gate);
    }
    if (s.kept == null) {
      cell(bytes, a, i, gate, bias, b + 2 * gate, s.before, before, s.after, after);
    } else {
      activation(bytes, a, g, bias, b + 2 * gate);
      KeptGatesVector.keep(row, length, from, to, s);
    }
    if (s.peephole != null) {
      Lanes.addProduct(a, o, s.peephole[2], p, s.after, after, bytes);
    }
    sigmoid(bytes, a, o, bias, b + 3 * gate);
    if (s.kept != null) {
      KeptGatesVector.output(bytes, a, o, s.after, after, s.h, c);
      return;
    }
    output(
        bytes, a, o, s.after, after, s.h, 4 * s.hAt + c, s.y, 4 * (s.yAt + row * s.yStride + from));
  }

  /** a = tanh(a + bias). */
  private static void activation(long bytes, MemorySegment a, long at, MemorySegment bias, long b) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      tanh(sum(a, at + e, bias, b + e)).intoMemorySegment(a, at + e, ORDER);
    }
  }

  /** a = s(a + bias). */
  private static void sigmoid(long bytes, MemorySegment a, long at, MemorySegment bias, long b) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      Lanes.sigmoid(sum(a, at + e, bias, b + e)).intoMemorySegment(a, at + e, ORDER);
    }
  }

  private static FloatVector sum(MemorySegment a, long at, MemorySegment bias, long b) {
    var sum = fromMemorySegment(WIDTH, a, at, ORDER);
    return bias == null ? sum : sum.add(fromMemorySegment(WIDTH, bias, b, ORDER));
  }

  /** g = tanh(a_g), c' = f c + i g. */
  private static void cell(
      long bytes,
      MemorySegment a,
      long i,
      long gate,
      MemorySegment bias,
      long b,
      MemorySegment before,
      long beforeAt,
      MemorySegment after,
      long afterAt) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var g = tanh(sum(a, i + 2 * gate + e, bias, b + e));
      g.intoMemorySegment(a, i + 2 * gate + e, ORDER);
      fromMemorySegment(WIDTH, a, i + gate + e, ORDER)
          .fma(
              fromMemorySegment(WIDTH, before, beforeAt + e, ORDER),
              fromMemorySegment(WIDTH, a, i + e, ORDER).mul(g))
          .intoMemorySegment(after, afterAt + e, ORDER);
    }
  }

  /** h = o tanh(c), in two places. */
  private static void output(
      long bytes,
      MemorySegment a,
      long o,
      MemorySegment after,
      long afterAt,
      MemorySegment h,
      long hAt,
      MemorySegment y,
      long yAt) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var out =
          fromMemorySegment(WIDTH, a, o + e, ORDER)
              .mul(tanh(fromMemorySegment(WIDTH, after, afterAt + e, ORDER)));
      out.intoMemorySegment(h, hAt + e, ORDER);
      if (y != null) {
        out.intoMemorySegment(y, yAt + e, ORDER);
      }
    }
  }

  static void backward(
      int row, int length, int from, int to, long peepholeAt, LstmGates.Backward s) {
    long gate = 4L * length;
    long i = 4 * s.gatesAt + 4 * gate * row + 4L * from;
    long f = i + gate;
    long o = f + 2 * gate;
    long c = gate * row + 4L * from;
    long before = 4 * s.beforeAt + c;
    long after = 4 * s.afterAt + c;
    long bytes = 4L * (to - from);
    long p = 4 * (peepholeAt + from);
    if (s.dy != null) {
      Lanes.add(s.dh, c, s.dy, 4 * (s.dyAt + row * s.yStride + from), bytes);
    }
    if (s.peephole == null) {
      if (s.kept == null) {
        Lanes.tanh(s.after, after, after + bytes);
      }
      cellBack(bytes, s.gates, o, s.after, after, s.dh, s.dc, c);
      outputBack(bytes, s.gates, o, s.after, after, s.dh, c);
    } else {
      peepedBack(bytes, s.gates, o, s.after, after, s.dh, s.dc, c);
    }
    Lanes.zero(s.dh, c, bytes);
    if (s.peephole != null) {
      Lanes.addProduct(s.dc, c, s.peephole[2], p, s.gates, o, bytes);
    }
    inputBack(bytes, s.gates, i, gate, s.dc, c);
    forgetBack(bytes, s.gates, f, s.before, before, s.dc, c);
    if (s.peephole != null) {
      Lanes.addProduct(s.dc, c, s.peephole[0], p, s.gates, i, bytes);
      Lanes.addProduct(s.dc, c, s.peephole[1], p, s.gates, f, bytes);
    }
  }

  /** dc plus what came through h, t = tanh(c). */
  private static void cellBack(
      long bytes,
      MemorySegment a,
      long oAt,
      MemorySegment t,
      long tAt,
      MemorySegment dh,
      MemorySegment dc,
      long c) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var slope = fromMemorySegment(WIDTH, t, tAt + e, ORDER);
      var through =
          fromMemorySegment(WIDTH, dh, c + e, ORDER)
              .mul(fromMemorySegment(WIDTH, a, oAt + e, ORDER));
      ONE.sub(slope.mul(slope))
          .fma(through, fromMemorySegment(WIDTH, dc, c + e, ORDER))
          .intoMemorySegment(dc, c + e, ORDER);
    }
  }

  /** da_o, t = tanh(c). */
  private static void outputBack(
      long bytes, MemorySegment a, long oAt, MemorySegment t, long tAt, MemorySegment dh, long c) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var o = fromMemorySegment(WIDTH, a, oAt + e, ORDER);
      fromMemorySegment(WIDTH, dh, c + e, ORDER)
          .mul(o)
          .mul(fromMemorySegment(WIDTH, t, tAt + e, ORDER))
          .mul(ONE.sub(o))
          .intoMemorySegment(a, oAt + e, ORDER);
    }
  }

  /** The same where c is still needed, for the gradient of a peephole. */
  private static void peepedBack(
      long bytes,
      MemorySegment a,
      long oAt,
      MemorySegment after,
      long afterAt,
      MemorySegment dh,
      MemorySegment dc,
      long c) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var o = fromMemorySegment(WIDTH, a, oAt + e, ORDER);
      var t = tanh(fromMemorySegment(WIDTH, after, afterAt + e, ORDER));
      var through = fromMemorySegment(WIDTH, dh, c + e, ORDER).mul(o);
      ONE.sub(t.mul(t))
          .fma(through, fromMemorySegment(WIDTH, dc, c + e, ORDER))
          .intoMemorySegment(dc, c + e, ORDER);
      through.mul(t).mul(ONE.sub(o)).intoMemorySegment(a, oAt + e, ORDER);
    }
  }

  /** da_i and da_g. */
  private static void inputBack(
      long bytes, MemorySegment a, long iAt, long gate, MemorySegment dc, long c) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var i = fromMemorySegment(WIDTH, a, iAt + e, ORDER);
      var g = fromMemorySegment(WIDTH, a, iAt + 2 * gate + e, ORDER);
      var d = fromMemorySegment(WIDTH, dc, c + e, ORDER).mul(i);
      d.mul(g).mul(ONE.sub(i)).intoMemorySegment(a, iAt + e, ORDER);
      d.mul(ONE.sub(g.mul(g))).intoMemorySegment(a, iAt + 2 * gate + e, ORDER);
    }
  }

  /** da_f, and dc as c_{t-1} gets it. */
  private static void forgetBack(
      long bytes,
      MemorySegment a,
      long fAt,
      MemorySegment before,
      long beforeAt,
      MemorySegment dc,
      long c) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var f = fromMemorySegment(WIDTH, a, fAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, dc, c + e, ORDER).mul(f);
      d.mul(fromMemorySegment(WIDTH, before, beforeAt + e, ORDER))
          .mul(ONE.sub(f))
          .intoMemorySegment(a, fAt + e, ORDER);
      d.intoMemorySegment(dc, c + e, ORDER);
    }
  }
}
