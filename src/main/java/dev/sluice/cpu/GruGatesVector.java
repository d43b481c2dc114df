package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
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

  /** Whole vectors. */
  static void reset(
      int row, int end, int length, int from, int to, boolean after, GruGates.Step s) {
    int rows = end - row;
    int bytes = 4 * (to - from);
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long own = row * gate + 4L * from;
    long bias = LstmGatesVector.address(s.bias, 4L * from);
    if (bytes == gate) {
      LstmGatesVector.sigmoid(rows, 2 * bytes, r, stride, bias);
    } else {
      LstmGatesVector.sigmoid(rows, bytes, r, stride, bias);
      LstmGatesVector.sigmoid(rows, bytes, r + gate, stride, LstmGatesVector.behind(bias, gate));
    }
    if (!after) {
      long before = s.before.address() + 4 * s.beforeAt + own;
      past(rows, bytes, gate, r, stride, before, s.q.address() + 4 * s.qAt + own);
    }
  }

  /** Less than a vector. */
  static void resetRest(
      int row, int end, int length, int from, int to, boolean after, GruGates.Step s) {
    var part = Lanes.first(to - from);
    int rows = end - row;
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long own = row * gate + 4L * from;
    long bias = LstmGatesVector.address(s.bias, 4L * from);
    LstmGatesVector.sigmoidRest(rows, part, r, stride, bias);
    LstmGatesVector.sigmoidRest(rows, part, r + gate, stride, LstmGatesVector.behind(bias, gate));
    if (!after) {
      long before = s.before.address() + 4 * s.beforeAt + own;
      pastRest(rows, part, gate, r, stride, before, s.q.address() + 4 * s.qAt + own);
    }
  }

  /** Whole vectors. */
  static void blend(
      int row,
      int end,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s) {
    int bytes = 4 * (to - from);
    int rows = end - row;
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    long y = LstmGatesVector.address(s.y, 4 * (s.yAt + row * s.yStride + from));
    long yStride = s.y == null ? 0 : 4 * s.yStride;
    long bias = LstmGatesVector.address(s.bias, 4L * from);
    if (after) {
      long q = s.q.address() + 4 * s.qAt + own;
      product(
          rows,
          bytes,
          gate,
          r,
          stride,
          q,
          LstmGatesVector.behind(bias, 3 * gate),
          n,
          4 * s.nStride);
    }
    long biasN = LstmGatesVector.behind(bias, 2 * gate);
    candidate(rows, bytes, n, 4 * s.nStride, biasN);
    weigh(rows, bytes, gate, update, r + gate, stride, n, 4 * s.nStride, before, h, y, yStride);
  }

  /** Whole vectors. */
  static void blendBack(
      int row,
      int end,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s) {
    int bytes = 4 * (to - from);
    int rows = end - row;
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    long y = LstmGatesVector.address(s.y, 4 * (s.yAt + row * s.yStride + from));
    long yStride = s.y == null ? 0 : 4 * s.yStride;
    if (yStride != 0) {
      LstmGatesVector.add(rows, bytes, gate, h, y, yStride);
    }
    weighBack(rows, bytes, gate, update, r + gate, stride, n, 4 * s.nStride, before, h);
    if (after) {
      productBack(rows, bytes, gate, r, stride, n, 4 * s.nStride, s.q.address() + 4 * s.qAt + own);
    }
  }

  /** Whole vectors. */
  static void resetBack(int row, int end, int length, int from, int to, GruGates.Step s) {
    int bytes = 4 * (to - from);
    int rows = end - row;
    long gate = 4L * length;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long own = row * gate + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    pastBack(
        rows,
        bytes,
        gate,
        r,
        4 * s.rzStride,
        s.drh.address() + own,
        before,
        s.h.address() + 4 * s.hAt + own);
  }

  /** Less than a vector. */
  static void blendRest(
      int row,
      int end,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s) {
    var part = Lanes.first(to - from);
    int rows = end - row;
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    long y = LstmGatesVector.address(s.y, 4 * (s.yAt + row * s.yStride + from));
    long yStride = s.y == null ? 0 : 4 * s.yStride;
    long bias = LstmGatesVector.address(s.bias, 4L * from);
    if (after) {
      long q = s.q.address() + 4 * s.qAt + own;
      productRest(
          rows, part, gate, r, stride, q, LstmGatesVector.behind(bias, 3 * gate), n, 4 * s.nStride);
    }
    long biasN = LstmGatesVector.behind(bias, 2 * gate);
    candidateRest(rows, part, n, 4 * s.nStride, biasN);
    weighRest(rows, part, gate, update, r + gate, stride, n, 4 * s.nStride, before, h, y, yStride);
  }

  /** Less than a vector. */
  static void blendBackRest(
      int row,
      int end,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s) {
    var part = Lanes.first(to - from);
    int rows = end - row;
    long gate = 4L * length;
    long stride = 4 * s.rzStride;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    long y = LstmGatesVector.address(s.y, 4 * (s.yAt + row * s.yStride + from));
    long yStride = s.y == null ? 0 : 4 * s.yStride;
    if (yStride != 0) {
      LstmGatesVector.addRest(rows, part, gate, h, y, yStride);
    }
    weighBackRest(rows, part, gate, update, r + gate, stride, n, 4 * s.nStride, before, h);
    if (after) {
      productBackRest(
          rows, part, gate, r, stride, n, 4 * s.nStride, s.q.address() + 4 * s.qAt + own);
    }
  }

  /** Less than a vector. */
  static void resetBackRest(int row, int end, int length, int from, int to, GruGates.Step s) {
    var part = Lanes.first(to - from);
    int rows = end - row;
    long gate = 4L * length;
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long own = row * gate + 4L * from;
    long before = s.before.address() + 4 * s.beforeAt + own;
    pastBackRest(
        rows,
        part,
        gate,
        r,
        4 * s.rzStride,
        s.drh.address() + own,
        before,
        s.h.address() + 4 * s.hAt + own);
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
