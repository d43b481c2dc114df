package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.COUNT;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/**
 * One row times a matrix, over vectors; bound by how fast the matrix comes from the caches, so it
 * lies in the order of its use: in panels of {@link #BLOCK} outputs, [in, BLOCK] each, filled up
 * with anything. Four panels side by side took a third more time than one that is as wide.
 */
final class RowVector {
  /** Outputs that are worked on at once; a thread's part begins at a multiple of it. */
  static final int BLOCK = 4 * COUNT;

  /** The inputs of a panel are filled up to a multiple of it. */
  static final int ROWS = 16;

  private static final long ROW = 4L * BLOCK;

  private RowVector() {}

  /**
   * to[o] (+)= sum over k of from[k] w[k, o], for the outputs of some blocks.
   *
   * @param w [out, in] in panels, each of in rows and those that fill them up
   * @param fromAt elements of from before the row
   * @param toAt elements of to before the outputs
   * @param in length of the row
   * @param out number of the outputs
   * @param low the first block
   * @param high the block after the last
   * @param back whether the last comes first
   */
  static void product(
      MemorySegment w,
      MemorySegment from,
      long fromAt,
      MemorySegment to,
      long toAt,
      int in,
      int out,
      int low,
      int high,
      boolean add,
      boolean back) {
    for (int i = low; i < high; i++) {
      int o = BLOCK * (back ? low + high - 1 - i : i);
      block(w, from, fromAt, in, to, toAt, o, Math.min(BLOCK, out - o), add);
    }
  }

  /** Even and odd inputs apart, so that no addition waits for the one before. */
  private static void block(
      MemorySegment w,
      MemorySegment from,
      long fromAt,
      int in,
      MemorySegment to,
      long toAt,
      int o,
      int count,
      boolean add) {
    var a = FloatVector.zero(WIDTH);
    var b = a;
    var c = a;
    var d = a;
    var e = a;
    var f = a;
    var g = a;
    var h = a;
    long row = 4L * o * ((in + ROWS - 1) / ROWS * ROWS);
    long at = 4 * fromAt;
    // A bound that the loop compares with as it stands: with a sum it took a third more time.
    long last = at + 4L * (in - 1);
    for (; at < last; at += 8, row += 2 * ROW) {
      var x = get(from, at);
      a = x.fma(fromMemorySegment(WIDTH, w, row, ORDER), a);
      b = x.fma(fromMemorySegment(WIDTH, w, row + STEP, ORDER), b);
      c = x.fma(fromMemorySegment(WIDTH, w, row + 2 * STEP, ORDER), c);
      d = x.fma(fromMemorySegment(WIDTH, w, row + 3 * STEP, ORDER), d);
      var y = get(from, at + 4);
      e = y.fma(fromMemorySegment(WIDTH, w, row + 4 * STEP, ORDER), e);
      f = y.fma(fromMemorySegment(WIDTH, w, row + 5 * STEP, ORDER), f);
      g = y.fma(fromMemorySegment(WIDTH, w, row + 6 * STEP, ORDER), g);
      h = y.fma(fromMemorySegment(WIDTH, w, row + 7 * STEP, ORDER), h);
    }
    if (at == last) {
      var x = get(from, at);
      a = x.fma(fromMemorySegment(WIDTH, w, row, ORDER), a);
      b = x.fma(fromMemorySegment(WIDTH, w, row + STEP, ORDER), b);
      c = x.fma(fromMemorySegment(WIDTH, w, row + 2 * STEP, ORDER), c);
      d = x.fma(fromMemorySegment(WIDTH, w, row + 3 * STEP, ORDER), d);
    }
    put(to, toAt + o, a.add(e), count, add);
    put(to, toAt + o + COUNT, b.add(f), count - COUNT, add);
    put(to, toAt + o + 2 * COUNT, c.add(g), count - 2 * COUNT, add);
    put(to, toAt + o + 3 * COUNT, d.add(h), count - 3 * COUNT, add);
  }

  private static FloatVector get(MemorySegment m, long at) {
    return FloatVector.broadcast(WIDTH, m.get(ValueLayout.JAVA_FLOAT, at));
  }

  /** The first of a vector's numbers, at most as many as it has. */
  private static void put(MemorySegment to, long o, FloatVector value, int count, boolean add) {
    if (count >= COUNT) {
      (add ? value.add(fromMemorySegment(WIDTH, to, 4L * o, ORDER)) : value)
          .intoMemorySegment(to, 4L * o, ORDER);
      return;
    }
    if (count > 0) {
      // A loop over lanes made this too long to be inlined, and each vector an object.
      var part = WIDTH.indexInRange(0, count);
      (add ? value.add(fromMemorySegment(WIDTH, to, 4L * o, ORDER, part)) : value)
          .intoMemorySegment(to, 4L * o, ORDER, part);
    }
  }
}
