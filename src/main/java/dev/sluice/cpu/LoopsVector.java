package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;

/**
 * {@link Loops} over vectors; a class of its own, since the JVM cannot even link one with vectors
 * in its methods where their module is absent. What is left over is the caller's.
 */
final class LoopsVector {
  private LoopsVector() {}

  /** to += from, whole vectors. */
  static void add(MemorySegment from, MemorySegment to, int low, int high) {
    for (long at = 4L * low; at < 4L * high; at += Lanes.STEP) {
      fromMemorySegment(WIDTH, to, at, ORDER)
          .add(fromMemorySegment(WIDTH, from, at, ORDER))
          .intoMemorySegment(to, at, ORDER);
    }
  }

  /** dx += dy y (1 - y), whole vectors. */
  static void sigmoidBackward(
      MemorySegment y, MemorySegment dy, MemorySegment dx, int low, int high) {
    for (long at = 4L * low; at < 4L * high; at += Lanes.STEP) {
      var s = fromMemorySegment(WIDTH, y, at, ORDER);
      fromMemorySegment(WIDTH, dy, at, ORDER)
          .mul(s)
          .fma(Lanes.ONE.sub(s), fromMemorySegment(WIDTH, dx, at, ORDER))
          .intoMemorySegment(dx, at, ORDER);
    }
  }

  /** {@return the first column that is not done} */
  static int addColumns(
      MemorySegment matrix,
      long rows,
      long stride,
      int from,
      int to,
      MemorySegment a,
      MemorySegment b) {
    int j = from;
    for (; j + Lanes.COUNT <= to; j += Lanes.COUNT) {
      addColumn(matrix, rows, stride, 4L * j, a, b);
    }
    return j;
  }

  private static void addColumn(
      MemorySegment matrix, long rows, long stride, long at, MemorySegment a, MemorySegment b) {
    var sum = fromMemorySegment(WIDTH, matrix, at, ORDER);
    for (long r = 1; r < rows; r++) {
      sum = sum.add(fromMemorySegment(WIDTH, matrix, r * stride + at, ORDER));
    }
    fromMemorySegment(WIDTH, a, at, ORDER).add(sum).intoMemorySegment(a, at, ORDER);
    if (b != null) {
      fromMemorySegment(WIDTH, b, at, ORDER).add(sum).intoMemorySegment(b, at, ORDER);
    }
  }
}
