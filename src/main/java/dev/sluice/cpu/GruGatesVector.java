package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.oneMinus;
import static dev.sluice.cpu.Lanes.store;

import java.lang.foreign.MemorySegment;

/** {@link GruGates} over vectors: elements from..to of one row, a multiple of a vector's. */
final class GruGatesVector {
  private GruGatesVector() {}

  static void reset(int row, int length, int from, int to, boolean after, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = 4 * (row * s.rzStride() + from);
    long z = r + gate;
    if (s.bias() != null) {
      Lanes.add(s.rz(), r, s.bias(), 4L * from, bytes);
      Lanes.add(s.rz(), z, s.bias(), gate + 4L * from, bytes);
    }
    Lanes.sigmoid(s.rz(), r, r + bytes);
    Lanes.sigmoid(s.rz(), z, z + bytes);
    long at = row * gate + 4L * from;
    for (long e = 0; !after && e < bytes; e += STEP) {
      store(load(s.rz(), r + e).mul(load(s.before(), at + e)), s.q(), at + e);
    }
  }

  static void blend(
      int row, int length, int from, int to, boolean after, boolean update, GruGates.Step s) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = 4 * (row * s.rzStride() + from);
    long n = 4 * (row * s.nStride() + from);
    long at = row * gate + 4L * from;
    if (s.bias() != null) {
      Lanes.add(s.n(), n, s.bias(), 2 * gate + 4L * from, bytes);
    }
    if (after && s.bias() != null) {
      Lanes.add(s.q(), at, s.bias(), 3 * gate + 4L * from, bytes);
    }
    if (after) {
      Lanes.addProduct(s.n(), n, s.rz(), r, s.q(), at, bytes);
    }
    Lanes.tanh(s.n(), n, n + bytes);
    // h = a + z (b - a), a the candidate and b the past, or the other way round.
    var a = update ? s.before() : s.n();
    var b = update ? s.n() : s.before();
    weigh(bytes, s.rz(), r + gate, a, update ? at : n, b, update ? n : at, s.h(), at);
    if (s.y() != null) {
      MemorySegment.copy(s.h(), at, s.y(), 4 * (row * s.yStride() + from), bytes);
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
      var first = load(a, aAt + e);
      store(load(z, zAt + e).fma(load(b, bAt + e).sub(first), first), h, at + e);
    }
  }

  static void blendBack(
      int row,
      int length,
      int from,
      int to,
      boolean after,
      boolean update,
      GruGates.Step s,
      MemorySegment dy,
      MemorySegment dh) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long r = 4 * (row * s.rzStride() + from);
    long n = 4 * (row * s.nStride() + from);
    long at = row * gate + 4L * from;
    if (dy != null) {
      Lanes.add(dh, at, dy, 4 * (row * s.yStride() + from), bytes);
    }
    if (update) {
      updateBack(bytes, s.rz(), r + gate, s.n(), n, s.before(), dh, at);
    } else {
      keepBack(bytes, s.rz(), r + gate, s.n(), n, s.before(), dh, at);
    }
    if (after) {
      productBack(bytes, s.rz(), r, s.n(), n, s.q(), at);
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
      MemorySegment dh,
      long at) {
    for (long e = 0; e < bytes; e += STEP) {
      var z = load(rz, zAt + e);
      var n = load(candidate, nAt + e);
      var d = load(dh, at + e);
      var rest = oneMinus(z);
      var dz = d.mul(z);
      store(d.mul(rest).mul(oneMinus(n.mul(n))), candidate, nAt + e);
      store(dz.mul(rest).mul(load(before, at + e).sub(n)), rz, zAt + e);
      store(dz, dh, at + e);
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
      MemorySegment dh,
      long at) {
    for (long e = 0; e < bytes; e += STEP) {
      var z = load(rz, zAt + e);
      var n = load(candidate, nAt + e);
      var d = load(dh, at + e);
      var past = d.mul(oneMinus(z));
      store(d.mul(z).mul(oneMinus(n.mul(n))), candidate, nAt + e);
      store(past.mul(z).mul(n.sub(load(before, at + e))), rz, zAt + e);
      store(past, dh, at + e);
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
      var r = load(rz, rAt + e);
      var dq = load(dan, nAt + e).mul(r);
      var q = load(product, at + e);
      store(dq, product, at + e);
      store(dq.mul(q).mul(oneMinus(r)), rz, rAt + e);
    }
  }

  static void resetBack(
      int row, int length, int from, int to, GruGates.Step s, MemorySegment drh, MemorySegment dh) {
    long bytes = 4L * (to - from);
    long rAt = 4 * (row * s.rzStride() + from);
    long at = 4L * row * length + 4L * from;
    for (long e = 0; e < bytes; e += STEP) {
      var r = load(s.rz(), rAt + e);
      var d = load(drh, at + e).mul(r);
      store(d.mul(load(s.before(), at + e)).mul(oneMinus(r)), s.rz(), rAt + e);
      store(d.add(load(dh, at + e)), dh, at + e);
    }
  }
}
