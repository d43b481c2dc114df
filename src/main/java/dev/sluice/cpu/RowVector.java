package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.COUNT;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/**
 * One row times a matrix, over vectors; bound by how fast the matrix comes from the caches, so it
 * lies in the order of its use: in panels of {@link #PANEL} outputs, [in, PANEL] each, filled up
 * with zeros.
 */
final class RowVector {
  static final int PANEL = 16;

  /** Outputs that are worked on at once; a thread's part begins at a multiple of it. */
  static final int BLOCK = 4 * COUNT;

  private static final long ROW = 4L * PANEL;

  private RowVector() {}

  /**
   * to[o] (+)= sum over k of from[k] w[k, o], for the outputs of some blocks.
   *
   * @param w [out, in] in panels, each of in rows and those that fill them up to a multiple of 16
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

  /** Where the weights of an output begin. */
  private static long at(int o, int in) {
    return ROW * (o / PANEL) * ((in + PANEL - 1) / PANEL * PANEL) + 4 * (o % PANEL);
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
    // What there is not is the first again, and not stored.
    long first = at(o, in);
    long second = count > COUNT ? at(o + COUNT, in) : first;
    long third = count > 2 * COUNT ? at(o + 2 * COUNT, in) : first;
    long fourth = count > 3 * COUNT ? at(o + 3 * COUNT, in) : first;
    var a = FloatVector.zero(WIDTH);
    var b = a;
    var c = a;
    var d = a;
    var e = a;
    var f = a;
    var g = a;
    var h = a;
    for (int k = 0; k + 1 < in; k += 2) {
      var x = get(from, fromAt + k);
      long row = ROW * k;
      a = x.fma(fromMemorySegment(WIDTH, w, first + row, ORDER), a);
      b = x.fma(fromMemorySegment(WIDTH, w, second + row, ORDER), b);
      c = x.fma(fromMemorySegment(WIDTH, w, third + row, ORDER), c);
      d = x.fma(fromMemorySegment(WIDTH, w, fourth + row, ORDER), d);
      var y = get(from, fromAt + k + 1);
      long next = row + ROW;
      e = y.fma(fromMemorySegment(WIDTH, w, first + next, ORDER), e);
      f = y.fma(fromMemorySegment(WIDTH, w, second + next, ORDER), f);
      g = y.fma(fromMemorySegment(WIDTH, w, third + next, ORDER), g);
      h = y.fma(fromMemorySegment(WIDTH, w, fourth + next, ORDER), h);
    }
    if (in % 2 == 1) {
      var x = get(from, fromAt + in - 1);
      long row = ROW * (in - 1);
      a = x.fma(fromMemorySegment(WIDTH, w, first + row, ORDER), a);
      b = x.fma(fromMemorySegment(WIDTH, w, second + row, ORDER), b);
      c = x.fma(fromMemorySegment(WIDTH, w, third + row, ORDER), c);
      d = x.fma(fromMemorySegment(WIDTH, w, fourth + row, ORDER), d);
    }
    put(to, toAt + o, a.add(e), count, add);
    put(to, toAt + o + COUNT, b.add(f), count - COUNT, add);
    put(to, toAt + o + 2 * COUNT, c.add(g), count - 2 * COUNT, add);
    put(to, toAt + o + 3 * COUNT, d.add(h), count - 3 * COUNT, add);
  }

  private static FloatVector get(MemorySegment m, long at) {
    return FloatVector.broadcast(WIDTH, m.getAtIndex(ValueLayout.JAVA_FLOAT, at));
  }

  /** The first of a vector's numbers, at most as many as it has. */
  private static void put(MemorySegment to, long o, FloatVector value, int count, boolean add) {
    if (count >= COUNT) {
      (add ? value.add(fromMemorySegment(WIDTH, to, 4L * o, ORDER)) : value)
          .intoMemorySegment(to, 4L * o, ORDER);
      return;
    }
    for (int i = 0; i < count; i++) {
      float old = add ? to.getAtIndex(ValueLayout.JAVA_FLOAT, o + i) : 0;
      to.setAtIndex(ValueLayout.JAVA_FLOAT, o + i, old + value.lane(i));
    }
  }
}
