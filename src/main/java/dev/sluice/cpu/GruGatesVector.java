package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;

/** {@link GruGates} over vectors: elements from..to of one row, a multiple of a vector's. */
final class GruGatesVector {
  private GruGatesVector() {}

  static void reset(int row, int length, int from, int to, boolean after, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = 4 * (s.rzAt + row * s.rzStride + from);
    long z = r + gate;
    if (s.bias != null) {
      Lanes.add(s.rz, r, s.bias, 4L * from, bytes);
      Lanes.add(s.rz, z, s.bias, gate + 4L * from, bytes);
    }
    Lanes.sigmoid(s.rz, r, r + bytes);
    Lanes.sigmoid(s.rz, z, z + bytes);
    long at = row * gate + 4L * from;
    long before = 4 * s.beforeAt + at;
    long q = 4 * s.qAt + at;
    for (long e = 0; !after && e < bytes; e += STEP) {
      fromMemorySegment(WIDTH, s.rz, r + e, ORDER)
          .mul(fromMemorySegment(WIDTH, s.before, before + e, ORDER))
          .intoMemorySegment(s.q, q + e, ORDER);
    }
  }

  static void blend(
      int row, int length, int from, int to, boolean after, boolean update, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = 4 * (s.rzAt + row * s.rzStride + from);
    long n = 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long q = 4 * s.qAt + own;
    long past = 4 * s.beforeAt + own;
    long h = 4 * s.hAt + own;
    if (s.bias != null) {
      Lanes.add(s.n, n, s.bias, 2 * gate + 4L * from, bytes);
    }
    if (after && s.bias != null) {
      Lanes.add(s.q, q, s.bias, 3 * gate + 4L * from, bytes);
    }
    if (after) {
      Lanes.addProduct(s.n, n, s.rz, r, s.q, q, bytes);
    }
    Lanes.tanh(s.n, n, n + bytes);
    // h = a + z (b - a), a the candidate and b the past, or the other way round.
    var a = update ? s.before : s.n;
    var b = update ? s.n : s.before;
    weigh(bytes, s.rz, r + gate, a, update ? past : n, b, update ? n : past, s.h, h);
    if (s.y != null) {
      MemorySegment.copy(s.h, h, s.y, 4 * (s.yAt + row * s.yStride + from), bytes);
    }
  }

  private static void weigh(
      long bytes,
      MemorySegment z,
      long zAt,
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment h,
      long at) {
    for (long e = 0; e < bytes; e += STEP) {
      var first = fromMemorySegment(WIDTH, a, aAt + e, ORDER);
      fromMemorySegment(WIDTH, z, zAt + e, ORDER)
          .fma(fromMemorySegment(WIDTH, b, bAt + e, ORDER).sub(first), first)
          .intoMemorySegment(h, at + e, ORDER);
    }
  }

  static void blendBack(
      int row, int length, int from, int to, boolean after, boolean update, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = 4 * (s.rzAt + row * s.rzStride + from);
    long n = 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long past = 4 * s.beforeAt + own;
    long h = 4 * s.hAt + own;
    if (s.y != null) {
      Lanes.add(s.h, h, s.y, 4 * (s.yAt + row * s.yStride + from), bytes);
    }
    if (update) {
      updateBack(bytes, s.rz, r + gate, s.n, n, s.before, past, s.h, h);
    } else {
      keepBack(bytes, s.rz, r + gate, s.n, n, s.before, past, s.h, h);
    }
    if (after) {
      productBack(bytes, s.rz, r, s.n, n, s.q, 4 * s.qAt + own);
    }
  }

  /** Of h = (1 - z) n + z past: da_n, da_z, and dh as the past gets it. */
  private static void keepBack(
      long bytes,
      MemorySegment rz,
      long zAt,
      MemorySegment candidate,
      long nAt,
      MemorySegment before,
      long beforeAt,
      MemorySegment dh,
      long at) {
    for (long e = 0; e < bytes; e += STEP) {
      var z = fromMemorySegment(WIDTH, rz, zAt + e, ORDER);
      var n = fromMemorySegment(WIDTH, candidate, nAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, dh, at + e, ORDER);
      var rest = ONE.sub(z);
      var dz = d.mul(z);
      d.mul(rest).mul(ONE.sub(n.mul(n))).intoMemorySegment(candidate, nAt + e, ORDER);
      dz.mul(rest)
          .mul(fromMemorySegment(WIDTH, before, beforeAt + e, ORDER).sub(n))
          .intoMemorySegment(rz, zAt + e, ORDER);
      dz.intoMemorySegment(dh, at + e, ORDER);
    }
  }

  /** Of h = (1 - z) past + z n: the same. */
  private static void updateBack(
      long bytes,
      MemorySegment rz,
      long zAt,
      MemorySegment candidate,
      long nAt,
      MemorySegment before,
      long beforeAt,
      MemorySegment dh,
      long at) {
    for (long e = 0; e < bytes; e += STEP) {
      var z = fromMemorySegment(WIDTH, rz, zAt + e, ORDER);
      var n = fromMemorySegment(WIDTH, candidate, nAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, dh, at + e, ORDER);
      var past = d.mul(ONE.sub(z));
      d.mul(z).mul(ONE.sub(n.mul(n))).intoMemorySegment(candidate, nAt + e, ORDER);
      past.mul(z)
          .mul(n.sub(fromMemorySegment(WIDTH, before, beforeAt + e, ORDER)))
          .intoMemorySegment(rz, zAt + e, ORDER);
      past.intoMemorySegment(dh, at + e, ORDER);
    }
  }

  /** Reset after: dq and da_r. */
  private static void productBack(
      long bytes,
      MemorySegment rz,
      long rAt,
      MemorySegment dan,
      long nAt,
      MemorySegment product,
      long at) {
    for (long e = 0; e < bytes; e += STEP) {
      var r = fromMemorySegment(WIDTH, rz, rAt + e, ORDER);
      var dq = fromMemorySegment(WIDTH, dan, nAt + e, ORDER).mul(r);
      var q = fromMemorySegment(WIDTH, product, at + e, ORDER);
      dq.intoMemorySegment(product, at + e, ORDER);
      dq.mul(q).mul(ONE.sub(r)).intoMemorySegment(rz, rAt + e, ORDER);
    }
  }

  static void resetBack(int row, int length, int from, int to, GruGates.Step s) {
    long bytes = 4L * (to - from);
    long rAt = 4 * (s.rzAt + row * s.rzStride + from);
    long at = 4L * row * length + 4L * from;
    long before = 4 * s.beforeAt + at;
    long h = 4 * s.hAt + at;
    for (long e = 0; e < bytes; e += STEP) {
      var r = fromMemorySegment(WIDTH, s.rz, rAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, s.drh, at + e, ORDER).mul(r);
      d.mul(fromMemorySegment(WIDTH, s.before, before + e, ORDER))
          .mul(ONE.sub(r))
          .intoMemorySegment(s.rz, rAt + e, ORDER);
      d.add(fromMemorySegment(WIDTH, s.h, h + e, ORDER)).intoMemorySegment(s.h, h + e, ORDER);
    }
  }
}
