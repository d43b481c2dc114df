package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.LstmGatesVector.add;
import static dev.sluice.cpu.LstmGatesVector.addRest;
import static dev.sluice.cpu.LstmGatesVector.address;
import static dev.sluice.cpu.LstmGatesVector.behind;
import static dev.sluice.cpu.LstmGatesVector.sigmoid;
import static dev.sluice.cpu.LstmGatesVector.sigmoidRest;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.VectorMask;

/**
 * {@link GruGates} over vectors: elements from..to of some rows. As in {@link LstmGatesVector}
 * loops over addresses go over all rows, and what is left of a row after whole vectors has loops of
 * its own, with a mask.
 */
final class GruGatesVector {
  private static final int STEP = (int) Lanes.STEP;

  private GruGatesVector() {}

  static void reset(
      int row, int end, int length, int from, int to, boolean after, GruGates.Step s) {
    int rows = end - row;
    int bytes = whole(from, to);
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long own = row * gate + 4L * from;
    long bias = address(s.bias, 4L * from);
    long before = s.before.address() + 4 * s.beforeAt + own;
    long q = address(s.q, 4 * s.qAt + own);
    if (bytes == gate) {
      sigmoid(rows, 2 * bytes, r, stride, bias);
    } else if (bytes > 0) {
      sigmoid(rows, bytes, r, stride, bias);
      sigmoid(rows, bytes, r + gate, stride, behind(bias, gate));
    }
    if (bytes > 0 && !after) {
      past(rows, bytes, gate, r, stride, before, q);
    }
    if (bytes < 4 * (to - from)) {
      var part = rest(from, to);
      r += bytes;
      sigmoidRest(rows, part, r, stride, behind(bias, bytes));
      sigmoidRest(rows, part, r + gate, stride, behind(bias, gate + bytes));
      if (!after) {
        pastRest(rows, part, gate, r, stride, before + bytes, q + bytes);
      }
    }
  }

  static void blend(
      int row,
      int end,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s) {
    int rows = end - row;
    int bytes = whole(from, to);
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long nStride = 4 * s.nStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long q = address(s.q, 4 * s.qAt + own);
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    long y = address(s.y, 4 * (s.yAt + row * s.yStride + from));
    long yStride = s.y == null ? 0 : 4 * s.yStride;
    long biasN = address(s.bias, 2 * gate + 4L * from);
    long biasQ = behind(biasN, gate);
    if (bytes > 0) {
      if (after) {
        product(rows, bytes, gate, r, stride, q, biasQ, n, nStride);
      }
      candidate(rows, bytes, n, nStride, biasN);
      weigh(rows, bytes, gate, update, r + gate, stride, n, nStride, before, h, y, yStride);
    }
    if (bytes < 4 * (to - from)) {
      var part = rest(from, to);
      r += bytes;
      n += bytes;
      if (after) {
        productRest(rows, part, gate, r, stride, q + bytes, behind(biasQ, bytes), n, nStride);
      }
      candidateRest(rows, part, n, nStride, behind(biasN, bytes));
      before += bytes;
      h += bytes;
      weighRest(
          rows, part, gate, update, r + gate, stride, n, nStride, before, h, y + bytes, yStride);
    }
  }

  static void blendBack(
      int row,
      int end,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s) {
    int rows = end - row;
    int bytes = whole(from, to);
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long nStride = 4 * s.nStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long q = address(s.q, 4 * s.qAt + own);
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    long y = address(s.y, 4 * (s.yAt + row * s.yStride + from));
    if (bytes > 0) {
      if (y != 0) {
        add(rows, bytes, gate, h, y, 4 * s.yStride);
      }
      weighBack(rows, bytes, gate, update, r + gate, stride, n, nStride, before, h);
      if (after) {
        productBack(rows, bytes, gate, r, stride, n, nStride, q);
      }
    }
    if (bytes < 4 * (to - from)) {
      var part = rest(from, to);
      r += bytes;
      n += bytes;
      h += bytes;
      if (y != 0) {
        addRest(rows, part, gate, h, y + bytes, 4 * s.yStride);
      }
      weighBackRest(rows, part, gate, update, r + gate, stride, n, nStride, before + bytes, h);
      if (after) {
        productBackRest(rows, part, gate, r, stride, n, nStride, q + bytes);
      }
    }
  }

  static void resetBack(int row, int end, int length, int from, int to, GruGates.Step s) {
    int rows = end - row;
    int bytes = whole(from, to);
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long own = row * gate + 4L * from;
    long dq = s.drh.address() + own;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    if (bytes > 0) {
      pastBack(rows, bytes, gate, r, stride, dq, before, h);
    }
    if (bytes < 4 * (to - from)) {
      r += bytes;
      pastBackRest(rows, rest(from, to), gate, r, stride, dq + bytes, before + bytes, h + bytes);
    }
  }

  /** Bytes of the whole vectors of a part of a row. */
  private static int whole(int from, int to) {
    return 4 * (Lanes.whole(from, to) - from);
  }

  /** What is left of it. */
  private static VectorMask<Float> rest(int from, int to) {
    return Lanes.first(to - Lanes.whole(from, to));
  }

  /** q = r h. */
  private static void past(
      int rows, int bytes, long gate, long r, long stride, long before, long q) {
    for (int row = 0; row < rows; row++, r += stride, before += gate, q += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        fromMemorySegment(WIDTH, MEMORY, r + e, ORDER)
            .mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER))
            .intoMemorySegment(MEMORY, q + e, ORDER);
      }
    }
  }

  private static void pastRest(
      int rows, VectorMask<Float> part, long gate, long r, long stride, long before, long q) {
    for (int row = 0; row < rows; row++, r += stride, before += gate, q += gate) {
      fromMemorySegment(WIDTH, MEMORY, r, ORDER, part)
          .mul(fromMemorySegment(WIDTH, MEMORY, before, ORDER, part))
          .intoMemorySegment(MEMORY, q, ORDER, part);
    }
  }

  /** q takes its bias, the sum of the candidate r q. */
  private static void product(
      int rows,
      int bytes,
      long gate,
      long r,
      long stride,
      long q,
      long bias,
      long n,
      long nStride) {
    for (int row = 0; row < rows; row++, r += stride, q += gate, n += nStride) {
      for (int e = 0; e < bytes; e += STEP) {
        var product = fromMemorySegment(WIDTH, MEMORY, q + e, ORDER);
        if (bias != 0) {
          product = product.add(fromMemorySegment(WIDTH, MEMORY, bias + e, ORDER));
          product.intoMemorySegment(MEMORY, q + e, ORDER);
        }
        fromMemorySegment(WIDTH, MEMORY, r + e, ORDER)
            .fma(product, fromMemorySegment(WIDTH, MEMORY, n + e, ORDER))
            .intoMemorySegment(MEMORY, n + e, ORDER);
      }
    }
  }

  private static void productRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      long r,
      long stride,
      long q,
      long bias,
      long n,
      long nStride) {
    for (int row = 0; row < rows; row++, r += stride, q += gate, n += nStride) {
      var product = fromMemorySegment(WIDTH, MEMORY, q, ORDER, part);
      if (bias != 0) {
        product = product.add(fromMemorySegment(WIDTH, MEMORY, bias, ORDER, part));
        product.intoMemorySegment(MEMORY, q, ORDER, part);
      }
      fromMemorySegment(WIDTH, MEMORY, r, ORDER, part)
          .fma(product, fromMemorySegment(WIDTH, MEMORY, n, ORDER, part))
          .intoMemorySegment(MEMORY, n, ORDER, part);
    }
  }

  /** n = tanh(a_n + bias). */
  private static void candidate(int rows, int bytes, long n, long stride, long bias) {
    for (int row = 0; row < rows; row++, n += stride) {
      for (int e = 0; e < bytes; e += STEP) {
        var sum = fromMemorySegment(WIDTH, MEMORY, n + e, ORDER);
        if (bias != 0) {
          sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias + e, ORDER));
        }
        Lanes.tanh(sum).intoMemorySegment(MEMORY, n + e, ORDER);
      }
    }
  }

  private static void candidateRest(
      int rows, VectorMask<Float> part, long n, long stride, long bias) {
    for (int row = 0; row < rows; row++, n += stride) {
      var sum = fromMemorySegment(WIDTH, MEMORY, n, ORDER, part);
      if (bias != 0) {
        sum = sum.add(fromMemorySegment(WIDTH, MEMORY, bias, ORDER, part));
      }
      Lanes.tanh(sum).intoMemorySegment(MEMORY, n, ORDER, part);
    }
  }

  /** h = a + z (b - a), a the candidate and b the past, or the other way round; in two places. */
  private static void weigh(
      int rows,
      int bytes,
      long gate,
      boolean update,
      long z,
      long stride,
      long n,
      long nStride,
      long before,
      long h,
      long y,
      long yStride) {
    for (int row = 0;
        row < rows;
        row++, z += stride, n += nStride, before += gate, h += gate, y += yStride) {
      for (int e = 0; e < bytes; e += STEP) {
        var candidate = fromMemorySegment(WIDTH, MEMORY, n + e, ORDER);
        var past = fromMemorySegment(WIDTH, MEMORY, before + e, ORDER);
        var a = update ? past : candidate;
        var b = update ? candidate : past;
        var state = fromMemorySegment(WIDTH, MEMORY, z + e, ORDER).fma(b.sub(a), a);
        state.intoMemorySegment(MEMORY, h + e, ORDER);
        if (yStride != 0) {
          state.intoMemorySegment(MEMORY, y + e, ORDER);
        }
      }
    }
  }

  private static void weighRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      boolean update,
      long z,
      long stride,
      long n,
      long nStride,
      long before,
      long h,
      long y,
      long yStride) {
    for (int row = 0;
        row < rows;
        row++, z += stride, n += nStride, before += gate, h += gate, y += yStride) {
      var candidate = fromMemorySegment(WIDTH, MEMORY, n, ORDER, part);
      var past = fromMemorySegment(WIDTH, MEMORY, before, ORDER, part);
      var a = update ? past : candidate;
      var b = update ? candidate : past;
      var state = fromMemorySegment(WIDTH, MEMORY, z, ORDER, part).fma(b.sub(a), a);
      state.intoMemorySegment(MEMORY, h, ORDER, part);
      if (yStride != 0) {
        state.intoMemorySegment(MEMORY, y, ORDER, part);
      }
    }
  }

  /** da_n, da_z, and dh as the past gets it. */
  private static void weighBack(
      int rows,
      int bytes,
      long gate,
      boolean update,
      long zAt,
      long stride,
      long nAt,
      long nStride,
      long before,
      long dh) {
    for (int row = 0;
        row < rows;
        row++, zAt += stride, nAt += nStride, before += gate, dh += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        var z = fromMemorySegment(WIDTH, MEMORY, zAt + e, ORDER);
        var n = fromMemorySegment(WIDTH, MEMORY, nAt + e, ORDER);
        var d = fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER);
        var rest = ONE.sub(z);
        var own = update ? z : rest;
        var back = d.mul(update ? rest : z);
        d.mul(own).mul(ONE.sub(n.mul(n))).intoMemorySegment(MEMORY, nAt + e, ORDER);
        var past = fromMemorySegment(WIDTH, MEMORY, before + e, ORDER);
        back.mul(own)
            .mul(update ? n.sub(past) : past.sub(n))
            .intoMemorySegment(MEMORY, zAt + e, ORDER);
        back.intoMemorySegment(MEMORY, dh + e, ORDER);
      }
    }
  }

  private static void weighBackRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      boolean update,
      long zAt,
      long stride,
      long nAt,
      long nStride,
      long before,
      long dh) {
    for (int row = 0;
        row < rows;
        row++, zAt += stride, nAt += nStride, before += gate, dh += gate) {
      var z = fromMemorySegment(WIDTH, MEMORY, zAt, ORDER, part);
      var n = fromMemorySegment(WIDTH, MEMORY, nAt, ORDER, part);
      var d = fromMemorySegment(WIDTH, MEMORY, dh, ORDER, part);
      var rest = ONE.sub(z);
      var own = update ? z : rest;
      var back = d.mul(update ? rest : z);
      d.mul(own).mul(ONE.sub(n.mul(n))).intoMemorySegment(MEMORY, nAt, ORDER, part);
      var past = fromMemorySegment(WIDTH, MEMORY, before, ORDER, part);
      back.mul(own)
          .mul(update ? n.sub(past) : past.sub(n))
          .intoMemorySegment(MEMORY, zAt, ORDER, part);
      back.intoMemorySegment(MEMORY, dh, ORDER, part);
    }
  }

  /** Reset after: dq and da_r. */
  private static void productBack(
      int rows, int bytes, long gate, long rAt, long stride, long dan, long nStride, long qAt) {
    for (int row = 0; row < rows; row++, rAt += stride, dan += nStride, qAt += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        var r = fromMemorySegment(WIDTH, MEMORY, rAt + e, ORDER);
        var dq = fromMemorySegment(WIDTH, MEMORY, dan + e, ORDER).mul(r);
        var q = fromMemorySegment(WIDTH, MEMORY, qAt + e, ORDER);
        dq.intoMemorySegment(MEMORY, qAt + e, ORDER);
        dq.mul(q).mul(ONE.sub(r)).intoMemorySegment(MEMORY, rAt + e, ORDER);
      }
    }
  }

  private static void productBackRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      long rAt,
      long stride,
      long dan,
      long nStride,
      long qAt) {
    for (int row = 0; row < rows; row++, rAt += stride, dan += nStride, qAt += gate) {
      var r = fromMemorySegment(WIDTH, MEMORY, rAt, ORDER, part);
      var dq = fromMemorySegment(WIDTH, MEMORY, dan, ORDER, part).mul(r);
      var q = fromMemorySegment(WIDTH, MEMORY, qAt, ORDER, part);
      dq.intoMemorySegment(MEMORY, qAt, ORDER, part);
      dq.mul(q).mul(ONE.sub(r)).intoMemorySegment(MEMORY, rAt, ORDER, part);
    }
  }

  /** Back through q = r h. */
  private static void pastBack(
      int rows, int bytes, long gate, long rAt, long stride, long dq, long before, long dh) {
    for (int row = 0; row < rows; row++, rAt += stride, dq += gate, before += gate, dh += gate) {
      for (int e = 0; e < bytes; e += STEP) {
        var r = fromMemorySegment(WIDTH, MEMORY, rAt + e, ORDER);
        var d = fromMemorySegment(WIDTH, MEMORY, dq + e, ORDER).mul(r);
        d.mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER))
            .mul(ONE.sub(r))
            .intoMemorySegment(MEMORY, rAt + e, ORDER);
        d.add(fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER))
            .intoMemorySegment(MEMORY, dh + e, ORDER);
      }
    }
  }

  private static void pastBackRest(
      int rows,
      VectorMask<Float> part,
      long gate,
      long rAt,
      long stride,
      long dq,
      long before,
      long dh) {
    for (int row = 0; row < rows; row++, rAt += stride, dq += gate, before += gate, dh += gate) {
      var r = fromMemorySegment(WIDTH, MEMORY, rAt, ORDER, part);
      var d = fromMemorySegment(WIDTH, MEMORY, dq, ORDER, part).mul(r);
      d.mul(fromMemorySegment(WIDTH, MEMORY, before, ORDER, part))
          .mul(ONE.sub(r))
          .intoMemorySegment(MEMORY, rAt, ORDER, part);
      d.add(fromMemorySegment(WIDTH, MEMORY, dh, ORDER, part))
          .intoMemorySegment(MEMORY, dh, ORDER, part);
    }
  }
}
