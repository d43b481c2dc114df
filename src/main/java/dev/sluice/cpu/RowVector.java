package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.COUNT;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/** One row times a matrix, over vectors; bound by how fast the matrix comes from the caches. */
final class RowVector {
  /** Outputs that are worked on at once; a thread's part begins at a multiple of it. */
  static final int BLOCK = 4 * COUNT;

  private RowVector() {}

  /** to[o] (+)= from . w[o], w [out, in], for outputs low..high. */
  static void dots(
      MemorySegment w,
      MemorySegment from,
      MemorySegment to,
      int in,
      int low,
      int high,
      boolean add) {
    int o = low;
    for (; o + 4 <= high; o += 4) {
      four(w, 4L * o * in, 4L * in, from, in, to, o, add);
    }
    for (; o < high; o++) {
      put(to, o, dot(w, (long) o * in, from, 0, in), add);
    }
  }

  private static void four(
      MemorySegment w,
      long at,
      long stride,
      MemorySegment from,
      int in,
      MemorySegment to,
      int o,
      boolean add) {
    var a = FloatVector.zero(WIDTH);
    var b = a;
    var c = a;
    var d = a;
    long whole = 4L * Lanes.whole(0, in);
    for (long e = 0; e < whole; e += STEP) {
      var x = fromMemorySegment(WIDTH, from, e, ORDER);
      a = x.fma(fromMemorySegment(WIDTH, w, at + e, ORDER), a);
      b = x.fma(fromMemorySegment(WIDTH, w, at + stride + e, ORDER), b);
      c = x.fma(fromMemorySegment(WIDTH, w, at + 2 * stride + e, ORDER), c);
      d = x.fma(fromMemorySegment(WIDTH, w, at + 3 * stride + e, ORDER), d);
    }
    int done = (int) (whole / 4);
    long first = at / 4;
    put(to, o, Lanes.sum(a) + dot(w, first, from, done, in), add);
    put(to, o + 1, Lanes.sum(b) + dot(w, first + in, from, done, in), add);
    put(to, o + 2, Lanes.sum(c) + dot(w, first + 2L * in, from, done, in), add);
    put(to, o + 3, Lanes.sum(d) + dot(w, first + 3L * in, from, done, in), add);
  }

  private static float dot(MemorySegment w, long row, MemorySegment from, int low, int high) {
    float sum = 0;
    for (int k = low; k < high; k++) {
      sum += w.getAtIndex(ValueLayout.JAVA_FLOAT, row + k) * get(from, k);
    }
    return sum;
  }

  private static float get(MemorySegment m, int at) {
    return m.getAtIndex(ValueLayout.JAVA_FLOAT, at);
  }

  private static void put(MemorySegment to, int at, float value, boolean add) {
    to.setAtIndex(ValueLayout.JAVA_FLOAT, at, add ? get(to, at) + value : value);
  }

  /** to[o] (+)= sum over k of from[k] w[k, o], w [in, out], for outputs low..high. */
  static void sums(
      MemorySegment w,
      MemorySegment from,
      MemorySegment to,
      int in,
      int out,
      int low,
      int high,
      boolean add) {
    int o = low;
    for (; o + BLOCK <= high; o += BLOCK) {
      block(w, from, to, in, 4L * out, 4L * o, add);
    }
    for (; o < high; o++) {
      float sum = 0;
      for (int k = 0; k < in; k++) {
        sum += w.getAtIndex(ValueLayout.JAVA_FLOAT, (long) k * out + o) * get(from, k);
      }
      put(to, o, sum, add);
    }
  }

  private static void block(
      MemorySegment w,
      MemorySegment from,
      MemorySegment to,
      int in,
      long stride,
      long at,
      boolean add) {
    var a = FloatVector.zero(WIDTH);
    var b = a;
    var c = a;
    var d = a;
    for (int k = 0; k < in; k++) {
      var x = FloatVector.broadcast(WIDTH, get(from, k));
      long row = k * stride + at;
      a = x.fma(fromMemorySegment(WIDTH, w, row, ORDER), a);
      b = x.fma(fromMemorySegment(WIDTH, w, row + STEP, ORDER), b);
      c = x.fma(fromMemorySegment(WIDTH, w, row + 2 * STEP, ORDER), c);
      d = x.fma(fromMemorySegment(WIDTH, w, row + 3 * STEP, ORDER), d);
    }
    put(to, at, a, add);
    put(to, at + STEP, b, add);
    put(to, at + 2 * STEP, c, add);
    put(to, at + 3 * STEP, d, add);
  }

  private static void put(MemorySegment to, long at, FloatVector value, boolean add) {
    (add ? value.add(fromMemorySegment(WIDTH, to, at, ORDER)) : value)
        .intoMemorySegment(to, at, ORDER);
  }
}
