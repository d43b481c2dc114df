package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/** The plainest loops over float32 memory, vectors where there are any, spread over the team. */
final class Loops {
  /** Elements below which a second thread does not pay. */
  static final int GRAIN = 16 * 1024;

  private Loops() {}

  /** to += from. */
  static void add(Team team, MemorySegment from, MemorySegment to) {
    int count = Math.toIntExact(Math.min(from.byteSize(), to.byteSize()) / 4);
    team.run(
        count,
        GRAIN,
        (low, high) -> {
          int j = low;
          if (VectorApi.PRESENT) {
            j = addVectors(from, to, low, high);
          }
          for (; j < high; j++) {
            Reals.FLOATS.add(to, j, Reals.FLOATS.get(from, j));
          }
        });
  }

  private static int addVectors(MemorySegment from, MemorySegment to, int low, int high) {
    int j = low;
    for (; j + Lanes.COUNT <= high; j += Lanes.COUNT) {
      Lanes.store(Lanes.load(to, j * 4L).add(Lanes.load(from, j * 4L)), to, j * 4L);
    }
    return j;
  }

  /**
   * Column sums of a [rows, columns] matrix, added to two vectors.
   *
   * @param b may be null
   */
  static void addColumns(
      Team team,
      Reals reals,
      MemorySegment matrix,
      long rows,
      int columns,
      MemorySegment a,
      MemorySegment b) {
    team.run(
        columns,
        Math.toIntExact(Math.max(64, GRAIN / Math.max(1, rows))),
        (from, to) -> {
          int j = from;
          if (VectorApi.PRESENT && reals == Reals.FLOATS) {
            for (; j + Lanes.COUNT <= to; j += Lanes.COUNT) {
              addColumnVector(matrix, rows, 4L * columns, 4L * j, a, b);
            }
          }
          for (; j < to; j++) {
            addColumn(reals, matrix, rows, columns, j, a, b);
          }
        });
  }

  private static void addColumnVector(
      MemorySegment matrix, long rows, long stride, long at, MemorySegment a, MemorySegment b) {
    var sum = Lanes.load(matrix, at);
    for (long r = 1; r < rows; r++) {
      sum = sum.add(Lanes.load(matrix, r * stride + at));
    }
    Lanes.store(Lanes.load(a, at).add(sum), a, at);
    if (b != null) {
      Lanes.store(Lanes.load(b, at).add(sum), b, at);
    }
  }

  private static void addColumn(
      Reals reals,
      MemorySegment matrix,
      long rows,
      long columns,
      int j,
      MemorySegment a,
      MemorySegment b) {
    double sum = 0;
    for (long r = 0; r < rows; r++) {
      sum += reals.get(matrix, r * columns + j);
    }
    reals.add(a, j, sum);
    if (b != null) {
      reals.add(b, j, sum);
    }
  }
}
