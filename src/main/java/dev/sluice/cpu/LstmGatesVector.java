package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.ZERO;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.VectorMask;

/**
 * {@link LstmGates} over vectors: elements from..to of some rows. Small loops over addresses, with
 * one tanh at most: larger ones took twice the time and boxed their vectors. A loop goes over all
 * rows: a call for each took as long as the work on 32 elements. What is left of a row after whole
 * vectors has loops of its own, with a mask: together they boxed.
 */
final class LstmGatesVector {
  private static final int STEP = (int) Lanes.STEP;

  private LstmGatesVector() {}

  /** Whole vectors; one row where there are peepholes or gates are kept. */
  static void forward(
      int row, int end, int length, int from, int to, long peepholeAt, LstmGates.Forward s) {
    int rows = end - row;
    int bytes = 4 * (to - from);
    long gate = 4L * length;
    long stride = 4 * s.gatesStride;
    long i = s.gates.address() + 4 * (s.gatesAt + row * s.gatesStride + from);
    long o = i + 3 * gate;
    long own = gate * row + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long after = s.after.address() + 4 * s.afterAt + own;
    long bias = address(s.bias, 4L * from);
    long p = 4 * (peepholeAt + from);
    if (s.peephole != null) {
      Lanes.addProduct(i, s.peephole[0].address() + p, before, bytes);
      Lanes.addProduct(i + gate, s.peephole[1].address() + p, before, bytes);
    }
    if (bytes == gate) {
      sigmoid(rows, 2 * bytes, i, stride, bias);
    } else {
      sigmoid(rows, bytes, i, stride, bias);
      sigmoid(rows, bytes, i + gate, stride, behind(bias, gate));
    }
    if (s.kept == null) {
      cell(rows, bytes, gate, i, stride, behind(bias, 2 * gate), before, after);
    } else {
      activation(bytes, i + 2 * gate, behind(bias, 2 * gate));
      KeptGatesVector.keep(row, length, from, to, i, s.kept, before, after);
    }
    if (s.peephole != null) {
      Lanes.addProduct(o, s.peephole[2].address() + p, after, bytes);
    }
    sigmoid(rows, bytes, o, stride, behind(bias, 3 * gate));
    long h = s.h.address() + 4 * s.hAt + own;
    if (s.kept != null) {
      KeptGatesVector.output(bytes, o, after, h);
      return;
    }
    long y = address(s.y, 4 * (s.yAt + row * s.yStride + from));
    output(rows, bytes, gate, o, stride, after, h, y, s.y == null ? 0 : 4 * s.yStride);
  }

  /** Less than a vector, without peepholes, and where no gates are kept. */
  static void forwardRest(int row, int end, int length, int from, int to, LstmGates.Forward s) {
    var part = Lanes.first(to - from);
    int rows = end - row;
    long gate = 4L * length;
    long stride = 4 * s.gatesStride;
    long a = s.gates.address() + 4 * (s.gatesAt + row * s.gatesStride + from);
    long c = gate * row + 4L * from;
    long after = s.after.address() + 4 * s.afterAt + c;
    long before = s.before.address() + 4 * s.beforeAt + c;
    long bias = address(s.bias, 4L * from);
    sigmoidRest(rows, part, a, stride, bias);
    sigmoidRest(rows, part, a + gate, stride, behind(bias, gate));
    cellRest(rows, part, gate, a, stride, behind(bias, 2 * gate), before, after);
    sigmoidRest(rows, part, a + 3 * gate, stride, behind(bias, 3 * gate));
    outputRest(
        rows,
        part,
        gate,
        a + 3 * gate,
        stride,
        after,
        s.h.address() + 4 * s.hAt + c,
        address(s.y, 4 * (s.yAt + row * s.yStride + from)),
        s.y == null ? 0 : 4 * s.yStride);
  }

  /** 0 for null. */
  static long address(MemorySegment segment, long at) {
    return segment == null ? 0 : segment.address() + at;
  }

  /** 0 for what is not there. */
  static long behind(long address, long bytes) {
    return address == 0 ? 0 : address + bytes;
  }

  /** a = tanh(a + bias). */
  private static void activation(int bytes, long a, long bias) {
    for (int e = 0; e < bytes; e += STEP) {
      var sum = fromMemorySegment(WIDTH, MEMORY, a + e, ORDER);
      if (bias != 0) {
        sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias + e, ORDER));
      }
      tanh(sum).intoMemorySegment(MEMORY, a + e, ORDER);
    }
  }

  /** a = s(a + bias). */
  static void sigmoid(int rows, int bytes, long a, long stride, long bias) {
    for (int row = 0; row < rows; row++, a += stride) {
      for (int e = 0; e < bytes; e += STEP) {
        var sum = fromMemorySegment(WIDTH, MEMORY, a + e, ORDER);
        if (bias != 0) {
          sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias + e, ORDER));
        }
        Lanes.sigmoid(sum).intoMemorySegment(MEMORY, a + e, ORDER);
      }
    }
  }

  static void sigmoidRest(int rows, VectorMask<Float> part, long a, long stride, long bias) {
    for (int row = 0; row < rows; row++, a += stride) {
      var sum = fromMemorySegment(WIDTH, MEMORY, a, ORDER, part);
      if (bias != 0) {
        sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias, ORDER, part));
      }
      Lanes.sigmoid(sum).intoMemorySegment(MEMORY, a, ORDER, part);
    }
  }

  /** g = tanh(a_g), c' = f c + i g. */
  private static void cell(
      int rows, int bytes, long gate, long a, long stride, long bias, long before, long after) {
    for (int row = 0; row < rows; row++, a += stride, before += gate, after += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        var sum = fromMemorySegment(WIDTH, MEMORY, a + 2 * gate + e, ORDER);
        if (bias != 0) {
          sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias + e, ORDER));
        }
        var g = tanh(sum);
        g.intoMemorySegment(MEMORY, a + 2 * gate + e, ORDER);
        fromMemorySegment(WIDTH, MEMORY, a + gate + e, ORDER)
            .fma(
                fromMemorySegment(WIDTH, MEMORY, before + e, ORDER),
                fromMemorySegment(WIDTH, MEMORY, a + e, ORDER).mul(g))
            .intoMemorySegment(MEMORY, after + e, ORDER);
      }
    }
  }

  private static void cellRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      long a,
      long stride,
      long bias,
      long before,
      long after) {
    for (int row = 0; row < rows; row++, a += stride, before += gate, after += gate) {
      var sum = fromMemorySegment(WIDTH, MEMORY, a + 2 * gate, ORDER, part);
      if (bias != 0) {
        sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias, ORDER, part));
      }
      var g = tanh(sum);
      g.intoMemorySegment(MEMORY, a + 2 * gate, ORDER, part);
      fromMemorySegment(WIDTH, MEMORY, a + gate, ORDER, part)
          .fma(
              fromMemorySegment(WIDTH, MEMORY, before, ORDER, part),
              fromMemorySegment(WIDTH, MEMORY, a, ORDER, part).mul(g))
          .intoMemorySegment(MEMORY, after, ORDER, part);
    }
  }

  /** h = o tanh(c), in two places. */
  private static void output(
      int rows,
      int bytes,
      long gate,
      long o,
      long stride,
      long after,
      long h,
      long y,
      long yStride) {
    for (int row = 0; row < rows; row++, o += stride, after += gate, h += gate, y += yStride) {
      for (int e = 0; e < bytes; e += STEP) {
        var out =
            fromMemorySegment(WIDTH, MEMORY, o + e, ORDER)
                .mul(tanh(fromMemorySegment(WIDTH, MEMORY, after + e, ORDER)));
        out.intoMemorySegment(MEMORY, h + e, ORDER);
        if (yStride != 0) {
          out.intoMemorySegment(MEMORY, y + e, ORDER);
        }
      }
    }
  }

  private static void outputRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      long o,
      long stride,
      long after,
      long h,
      long y,
      long yStride) {
    for (int row = 0; row < rows; row++, o += stride, after += gate, h += gate, y += yStride) {
      var out =
          fromMemorySegment(WIDTH, MEMORY, o, ORDER, part)
              .mul(tanh(fromMemorySegment(WIDTH, MEMORY, after, ORDER, part)));
      out.intoMemorySegment(MEMORY, h, ORDER, part);
      if (yStride != 0) {
        out.intoMemorySegment(MEMORY, y, ORDER, part);
      }
    }
  }

  /** Whole vectors; one row where there are peepholes. */
  static void backward(
      int row, int end, int length, int from, int to, long peepholeAt, LstmGates.Backward s) {
    int rows = end - row;
    int bytes = 4 * (to - from);
    long gate = 4L * length;
    long i = s.gates.address() + 4 * (s.gatesAt + 4L * length * row + from);
    long o = i + 3 * gate;
    long own = gate * row + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long after = s.after.address() + 4 * s.afterAt + own;
    long dh = s.dh.address() + own;
    long dc = s.dc.address() + own;
    long p = 4 * (peepholeAt + from);
    if (s.dy != null) {
      long dy = s.dy.address() + 4 * (s.dyAt + row * s.yStride + from);
      add(rows, bytes, gate, dh, dy, 4 * s.yStride);
    }
    if (s.kept != null) {
      KeptGatesVector.gates(row, length, from, to, i, s, after);
    }
    if (s.peephole == null) {
      if (s.kept == null) {
        squash(rows, bytes, gate, after);
      }
      outputBack(rows, bytes, gate, o, after, dh, dc);
    } else {
      peepedBack(bytes, o, after, dh, dc);
      Lanes.zero(dh, dh + bytes);
      Lanes.addProduct(dc, s.peephole[2].address() + p, o, bytes);
    }
    cellBack(rows, bytes, gate, i, before, dc);
    if (s.peephole != null) {
      Lanes.addProduct(dc, s.peephole[0].address() + p, i, bytes);
      Lanes.addProduct(dc, s.peephole[1].address() + p, i + gate, bytes);
    }
  }

  /** Less than a vector, without peepholes, and where no gates are kept. */
  static void backwardRest(int row, int end, int length, int from, int to, LstmGates.Backward s) {
    var part = Lanes.first(to - from);
    int rows = end - row;
    long gate = 4L * length;
    long c = gate * row + 4L * from;
    long i = s.gates.address() + 4 * (s.gatesAt + 4L * length * row + from);
    long t = s.after.address() + 4 * s.afterAt + c;
    long dh = s.dh.address() + c;
    long dc = s.dc.address() + c;
    if (s.dy != null) {
      long dy = s.dy.address() + 4 * (s.dyAt + row * s.yStride + from);
      addRest(rows, part, gate, dh, dy, 4 * s.yStride);
    }
    squashRest(rows, part, gate, t);
    outputBackRest(rows, part, gate, i + 3 * gate, t, dh, dc);
    cellBackRest(rows, part, gate, i, s.before.address() + 4 * s.beforeAt + c, dc);
  }

  /** dh += dy. */
  static void add(int rows, int bytes, long gate, long dh, long dy, long yStride) {
    for (int row = 0; row < rows; row++, dh += gate, dy += yStride) {
      for (int e = 0; e < bytes; e += STEP) {
        fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER)
            .add(fromMemorySegment(WIDTH, MEMORY, dy + e, ORDER))
            .intoMemorySegment(MEMORY, dh + e, ORDER);
      }
    }
  }

  static void addRest(int rows, VectorMask<Float> part, long gate, long dh, long dy, long yStride) {
    for (int row = 0; row < rows; row++, dh += gate, dy += yStride) {
      fromMemorySegment(WIDTH, MEMORY, dh, ORDER, part)
          .add(fromMemorySegment(WIDTH, MEMORY, dy, ORDER, part))
          .intoMemorySegment(MEMORY, dh, ORDER, part);
    }
  }

  /** c becomes tanh(c). */
  private static void squash(int rows, int bytes, long gate, long c) {
    for (int row = 0; row < rows; row++, c += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        tanh(fromMemorySegment(WIDTH, MEMORY, c + e, ORDER))
            .intoMemorySegment(MEMORY, c + e, ORDER);
      }
    }
  }

  private static void squashRest(int rows, VectorMask<Float> part, long gate, long c) {
    for (int row = 0; row < rows; row++, c += gate) {
      tanh(fromMemorySegment(WIDTH, MEMORY, c, ORDER, part))
          .intoMemorySegment(MEMORY, c, ORDER, part);
    }
  }

  /** dc plus what came through h, da_o, and dh = 0; t = tanh(c). */
  private static void outputBack(
      int rows, int bytes, long gate, long oAt, long tAt, long dh, long dc) {
    for (int row = 0; row < rows; row++, oAt += 4 * gate, tAt += gate, dh += gate, dc += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        var o = fromMemorySegment(WIDTH, MEMORY, oAt + e, ORDER);
        var t = fromMemorySegment(WIDTH, MEMORY, tAt + e, ORDER);
        var d = fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER);
        var through = d.mul(o);
        ONE.sub(t.mul(t))
            .fma(through, fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER))
            .intoMemorySegment(MEMORY, dc + e, ORDER);
        through.mul(t).mul(ONE.sub(o)).intoMemorySegment(MEMORY, oAt + e, ORDER);
        ZERO.intoMemorySegment(MEMORY, dh + e, ORDER);
      }
    }
  }

  private static void outputBackRest(
      int rows, VectorMask<Float> part, long gate, long oAt, long tAt, long dh, long dc) {
    for (int row = 0; row < rows; row++, oAt += 4 * gate, tAt += gate, dh += gate, dc += gate) {
      var o = fromMemorySegment(WIDTH, MEMORY, oAt, ORDER, part);
      var t = fromMemorySegment(WIDTH, MEMORY, tAt, ORDER, part);
      var d = fromMemorySegment(WIDTH, MEMORY, dh, ORDER, part);
      var through = d.mul(o);
      ONE.sub(t.mul(t))
          .fma(through, fromMemorySegment(WIDTH, MEMORY, dc, ORDER, part))
          .intoMemorySegment(MEMORY, dc, ORDER, part);
      through.mul(t).mul(ONE.sub(o)).intoMemorySegment(MEMORY, oAt, ORDER, part);
      ZERO.intoMemorySegment(MEMORY, dh, ORDER, part);
    }
  }

  /** The same but for dh where c is still needed, for the gradient of a peephole. */
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

  /** da_i, da_f and da_g, and dc as c_{t-1} gets it. */
  private static void cellBack(int rows, int bytes, long gate, long a, long before, long dc) {
    for (int row = 0; row < rows; row++, a += 4 * gate, before += gate, dc += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        var i = fromMemorySegment(WIDTH, MEMORY, a + e, ORDER);
        var g = fromMemorySegment(WIDTH, MEMORY, a + 2 * gate + e, ORDER);
        var d = fromMemorySegment(WIDTH, MEMORY, dc + e, ORDER);
        var inner = d.mul(i);
        inner.mul(g).mul(ONE.sub(i)).intoMemorySegment(MEMORY, a + e, ORDER);
        inner.mul(ONE.sub(g.mul(g))).intoMemorySegment(MEMORY, a + 2 * gate + e, ORDER);
        var f = fromMemorySegment(WIDTH, MEMORY, a + gate + e, ORDER);
        var back = d.mul(f);
        back.mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER))
            .mul(ONE.sub(f))
            .intoMemorySegment(MEMORY, a + gate + e, ORDER);
        back.intoMemorySegment(MEMORY, dc + e, ORDER);
      }
    }
  }

  private static void cellBackRest(
      int rows, VectorMask<Float> part, long gate, long a, long before, long dc) {
    for (int row = 0; row < rows; row++, a += 4 * gate, before += gate, dc += gate) {
      var i = fromMemorySegment(WIDTH, MEMORY, a, ORDER, part);
      var g = fromMemorySegment(WIDTH, MEMORY, a + 2 * gate, ORDER, part);
      var d = fromMemorySegment(WIDTH, MEMORY, dc, ORDER, part);
      var inner = d.mul(i);
      inner.mul(g).mul(ONE.sub(i)).intoMemorySegment(MEMORY, a, ORDER, part);
      inner.mul(ONE.sub(g.mul(g))).intoMemorySegment(MEMORY, a + 2 * gate, ORDER, part);
      var f = fromMemorySegment(WIDTH, MEMORY, a + gate, ORDER, part);
      var back = d.mul(f);
      back.mul(fromMemorySegment(WIDTH, MEMORY, before, ORDER, part))
          .mul(ONE.sub(f))
          .intoMemorySegment(MEMORY, a + gate, ORDER, part);
      back.intoMemorySegment(MEMORY, dc, ORDER, part);
    }
  }
}
