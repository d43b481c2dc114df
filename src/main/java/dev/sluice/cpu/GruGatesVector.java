package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
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
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long z = r + gate;
    if (s.bias != null) {
      long bias = s.bias.address() + 4L * from;
      Lanes.add(bias, r, to - from);
      Lanes.add(bias + gate, z, to - from);
    }
    Lanes.sigmoid(r, r + bytes);
    Lanes.sigmoid(z, z + bytes);
    if (!after) {
      long own = row * gate + 4L * from;
      long past = s.before.address() + 4 * s.beforeAt + own;
      Lanes.product(r, past, s.q.address() + 4 * s.qAt + own, bytes);
    }
  }

  static void blend(
      int row, int length, int from, int to, boolean after, boolean update, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long past = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    if (s.bias != null) {
      Lanes.add(s.bias.address() + 2 * gate + 4L * from, n, to - from);
    }
    if (after) {
      long q = s.q.address() + 4 * s.qAt + own;
      if (s.bias != null) {
        Lanes.add(s.bias.address() + 3 * gate + 4L * from, q, to - from);
      }
      Lanes.addProduct(n, r, q, bytes);
    }
    Lanes.tanh(n, n + bytes);
    // h = a + z (b - a), a the candidate and b the past, or the other way round.
    weigh(bytes, r + gate, update ? past : n, update ? n : past, h);
    if (s.y != null) {
      MemorySegment.copy(s.h, 4 * s.hAt + own, s.y, 4 * (s.yAt + row * s.yStride + from), bytes);
    }
  }

  private static void weigh(long bytes, long z, long a, long b, long h) {
    for (long e = 0; e < bytes; e += STEP) {
      var first = fromMemorySegment(WIDTH, MEMORY, a + e, ORDER);
      fromMemorySegment(WIDTH, MEMORY, z + e, ORDER)
          .fma(fromMemorySegment(WIDTH, MEMORY, b + e, ORDER).sub(first), first)
          .intoMemorySegment(MEMORY, h + e, ORDER);
    }
  }

  static void blendBack(
      int row, int length, int from, int to, boolean after, boolean update, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from);
    long n = s.n.address() + 4 * (s.nAt + row * s.nStride + from);
    long own = row * gate + 4L * from;
    long past = s.before.address() + 4 * s.beforeAt + own;
    long h = s.h.address() + 4 * s.hAt + own;
    if (s.y != null) {
      Lanes.add(s.y.address() + 4 * (s.yAt + row * s.yStride + from), h, to - from);
    }
    if (update) {
      updateBack(bytes, r + gate, n, past, h);
    } else {
      keepBack(bytes, r + gate, n, past, h);
    }
    if (after) {
      productBack(bytes, r, n, s.q.address() + 4 * s.qAt + own);
    }
  }

  /** Of h = (1 - z) n + z past: da_n, da_z, and dh as the past gets it. */
  private static void keepBack(long bytes, long zAt, long nAt, long before, long dh) {
    for (long e = 0; e < bytes; e += STEP) {
      var z = fromMemorySegment(WIDTH, MEMORY, zAt + e, ORDER);
      var n = fromMemorySegment(WIDTH, MEMORY, nAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER);
      var rest = ONE.sub(z);
      var dz = d.mul(z);
      d.mul(rest).mul(ONE.sub(n.mul(n))).intoMemorySegment(MEMORY, nAt + e, ORDER);
      dz.mul(rest)
          .mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER).sub(n))
          .intoMemorySegment(MEMORY, zAt + e, ORDER);
      dz.intoMemorySegment(MEMORY, dh + e, ORDER);
    }
  }

  /** Of h = (1 - z) past + z n: the same. */
  private static void updateBack(long bytes, long zAt, long nAt, long before, long dh) {
    for (long e = 0; e < bytes; e += STEP) {
      var z = fromMemorySegment(WIDTH, MEMORY, zAt + e, ORDER);
      var n = fromMemorySegment(WIDTH, MEMORY, nAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER);
      var past = d.mul(ONE.sub(z));
      d.mul(z).mul(ONE.sub(n.mul(n))).intoMemorySegment(MEMORY, nAt + e, ORDER);
      past.mul(z)
          .mul(n.sub(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER)))
          .intoMemorySegment(MEMORY, zAt + e, ORDER);
      past.intoMemorySegment(MEMORY, dh + e, ORDER);
    }
  }

  /** Reset after: dq and da_r. */
  private static void productBack(long bytes, long rAt, long dan, long product) {
    for (long e = 0; e < bytes; e += STEP) {
      var r = fromMemorySegment(WIDTH, MEMORY, rAt + e, ORDER);
      var dq = fromMemorySegment(WIDTH, MEMORY, dan + e, ORDER).mul(r);
      var q = fromMemorySegment(WIDTH, MEMORY, product + e, ORDER);
      dq.intoMemorySegment(MEMORY, product + e, ORDER);
      dq.mul(q).mul(ONE.sub(r)).intoMemorySegment(MEMORY, rAt + e, ORDER);
    }
  }

  static void resetBack(int row, int length, int from, int to, GruGates.Step s) {
    long own = 4L * row * length + 4L * from;
    resetBack(
        4L * (to - from),
        s.rz.address() + 4 * (s.rzAt + row * s.rzStride + from),
        s.drh.address() + own,
        s.before.address() + 4 * s.beforeAt + own,
        s.h.address() + 4 * s.hAt + own);
  }

  private static void resetBack(long bytes, long rAt, long drh, long before, long dh) {
    for (long e = 0; e < bytes; e += STEP) {
      var r = fromMemorySegment(WIDTH, MEMORY, rAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, drh + e, ORDER).mul(r);
      d.mul(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER))
          .mul(ONE.sub(r))
          .intoMemorySegment(MEMORY, rAt + e, ORDER);
      d.add(fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER))
          .intoMemorySegment(MEMORY, dh + e, ORDER);
    }
  }
}
