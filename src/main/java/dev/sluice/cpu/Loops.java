package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/** The plainest loops over float32 memory, vectors where there are any, spread over the team. */
final class Loops {
  /** Elements below which a second thread does not pay. */
  static final int GRAIN = 16 * 1024;

  private Loops() {}

  /**
   * Does all elements: of float32 whole vectors by the one loop, wherever threads begin, and what
   * is left, or other types, by the other.
   */
  static void each(Team team, Reals reals, int count, Team.Chunk vectors, IntConsumer element) {
    int whole = VectorApi.PRESENT && reals == Reals.FLOATS ? Lanes.whole(0, count) : 0;
    if (whole > 0) {
      team.run(
          whole / Lanes.COUNT,
          GRAIN / Lanes.COUNT,
          (from, to) -> vectors.run(from * Lanes.COUNT, to * Lanes.COUNT));
    }
    team.run(
        count - whole,
        2048,
        (from, to) -> {
          for (int i = whole + from; i < whole + to; i++) {
            element.accept(i);
          }
        });
  }

  /** to += from. */
  static void add(Team team, MemorySegment from, MemorySegment to) {
    int count = Math.toIntExact(Math.min(from.byteSize(), to.byteSize()) / 4);
    each(
        team,
        Reals.FLOATS,
        count,
        (low, high) -> LoopsVector.add(from, to, low, high),
        i -> Reals.FLOATS.add(to, i, Reals.FLOATS.get(from, i)));
  }

  /**
   * Sums of the first columns of a matrix, added to two vectors.
   *
   * @param stride elements from one row to the next
   * @param b may be null
   */
  static void addColumns(
      Team team,
      Reals reals,
      MemorySegment matrix,
      long rows,
      long stride,
      int columns,
      MemorySegment a,
      MemorySegment b) {
    team.run(
        columns,
        Math.toIntExact(Math.max(64, GRAIN / Math.max(1, rows))),
        (from, to) -> {
          int j = from;
          if (VectorApi.PRESENT && reals == Reals.FLOATS) {
            j = LoopsVector.addColumns(matrix, rows, 4 * stride, from, to, a, b);
          }
          for (; j < to; j++) {
            addColumn(reals, matrix, rows, stride, j, a, b);
          }
        });
  }

  private static void addColumn(
      Reals reals,
      MemorySegment matrix,
      long rows,
      long stride,
      int j,
      MemorySegment a,
      MemorySegment b) {
    double sum = 0;
    for (long r = 0; r < rows; r++) {
      sum += reals.get(matrix, r * stride + j);
    }
    reals.add(a, j, sum);
    if (b != null) {
      reals.add(b, j, sum);
    }
  }
}
