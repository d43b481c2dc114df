package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.store;

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
      store(load(to, j * 4L).add(load(from, j * 4L)), to, j * 4L);
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
    var sum = load(matrix, at);
    for (long r = 1; r < rows; r++) {
      sum = sum.add(load(matrix, r * stride + at));
    }
    store(load(a, at).add(sum), a, at);
    if (b != null) {
      store(load(b, at).add(sum), b, at);
    }
  }
}
