package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Axes in another order; neighbours that stay neighbours are walked as one axis. */
final class Permutation {
  /** Of y's axes, at least three. */
  private final int[] sizes;

  /** x's elements from one to the next along each of y's axes. */
  private final long[] strides;

  /**
   * @param scalars the axis of x that each axis of y is, then the sizes of x's axes
   */
  Permutation(double[] scalars) {
    int rank = scalars.length / 2;
    var all = new long[rank];
    long stride = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
      all[axis] = stride;
      stride *= (long) scalars[rank + axis];
    }
    var size = new int[rank + 3];
    var step = new long[rank + 3];
    Arrays.fill(size, 0, 3, 1);
    int last = 2;
    for (int i = 0; i < rank; i++) {
      int axis = (int) scalars[i];
      int length = (int) scalars[rank + axis];
      if (length == 1) {
        continue;
      }
      if (step[last] == length * all[axis]) {
        size[last] *= length;
      } else {
        size[++last] = length;
      }
      step[last] = all[axis];
    }
    this.sizes = Arrays.copyOf(size, last + 1);
    this.strides = Arrays.copyOf(step, last + 1);
  }

  /** The two inner axes but the innermost: x [outer, a, b, run] to y [outer, b, a, run]. */
  static Permutation ofInner(int outer, int a, int b, int run) {
    return new Permutation(new double[] {0, 2, 1, 3, outer, a, b, run});
  }

  /** y = x, or y += x. */
  void run(Team team, Reals reals, MemorySegment x, MemorySegment y, boolean add) {
    int last = sizes.length - 1;
    int planes = 1;
    for (int axis = 0; axis < last - 1; axis++) {
      planes = Math.multiplyExact(planes, sizes[axis]);
    }
    int plane = sizes[last - 1] * sizes[last];
    boolean runs = VectorApi.PRESENT && reals == Reals.FLOATS && strides[last] == 1;
    team.run(
        planes,
        Math.max(1, Loops.GRAIN / Math.max(1, plane)),
        (from, to) -> {
          long at = 0;
          for (int p = from; p < to; p++) {
            // The axis around a plane is walked: what finds a plane takes longer than a small one.
            boolean next = p > from && p % sizes[last - 2] != 0;
            at = next ? at + strides[last - 2] : first(p);
            if (runs) {
              runs(x.address() + 4 * at, y.address() + 4L * p * plane, add);
            } else {
              plane(reals, x, at, y, (long) p * plane, add);
            }
          }
        });
  }

  /** A plane whose rows lie without gaps. */
  private void runs(long x, long y, boolean add) {
    int columns = sizes[sizes.length - 1];
    long down = 4 * strides[sizes.length - 2];
    LoopsVector.rows(sizes[sizes.length - 2], columns, x, down, y, 4L * columns, add);
  }

  /** Where x's elements of y's plane begin. */
  private long first(int plane) {
    long at = 0;
    int rest = plane;
    for (int axis = sizes.length - 3; axis >= 0; axis--) {
      at += rest % sizes[axis] * strides[axis];
      rest /= sizes[axis];
    }
    return at;
  }

  private void plane(
      Reals reals, MemorySegment x, long from, MemorySegment y, long to, boolean add) {
    int last = sizes.length - 1;
    int columns = sizes[last];
    long across = strides[last];
    long down = strides[last - 1];
    for (int row = 0; row < sizes[last - 1]; row++) {
      long at = from + row * down;
      long e = to + (long) row * columns;
      for (int j = 0; j < columns; j++) {
        double value = reals.get(x, at + j * across);
        reals.set(y, e + j, add ? reals.get(y, e + j) + value : value);
      }
    }
  }
}
