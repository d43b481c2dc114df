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

  /** {@return the first element that is not done} */
  static int add(MemorySegment from, MemorySegment to, int low, int high) {
    int j = low;
    for (; j + Lanes.COUNT <= high; j += Lanes.COUNT) {
      fromMemorySegment(WIDTH, to, j * 4L, ORDER)
          .add(fromMemorySegment(WIDTH, from, j * 4L, ORDER))
          .intoMemorySegment(to, j * 4L, ORDER);
    }
    return j;
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
