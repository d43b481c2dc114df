package dev.sluice.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Axes in another order; neighbours that stay neighbours are walked as one axis. */
final class Permutation {
  /** Of y's axes, at least two. */
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
    var size = new int[rank + 2];
    var step = new long[rank + 2];
    size[0] = 1;
    size[1] = 1;
    int last = 1;
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

  /** y = x, or y += x. */
  void run(Team team, Reals reals, MemorySegment x, MemorySegment y, boolean add) {
    int planes = Arrays.stream(sizes, 0, sizes.length - 2).reduce(1, Math::multiplyExact);
    int plane = sizes[sizes.length - 2] * sizes[sizes.length - 1];
    team.run(
        planes,
        Math.max(1, Loops.GRAIN / Math.max(1, plane)),
        (from, to) -> {
          for (int p = from; p < to; p++) {
            plane(reals, x, first(p), y, (long) p * plane, add);
          }
        });
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
      if (across == 1 && !add) {
        copy(x, at * reals.bytes(), y, e * reals.bytes(), columns * reals.bytes());
        continue;
      }
      for (int j = 0; j < columns; j++) {
        double value = reals.get(x, at + j * across);
        reals.set(y, e + j, add ? reals.get(y, e + j) + value : value);
      }
    }
  }

  /** Calls of the copying intrinsic cost as much as some thirty bytes. */
  private static void copy(MemorySegment x, long from, MemorySegment y, long to, int bytes) {
    if (bytes > 64) {
      MemorySegment.copy(x, from, y, to, bytes);
      return;
    }
    int b = 0;
    for (; b + 8 <= bytes; b += 8) {
      y.set(JAVA_LONG_UNALIGNED, to + b, x.get(JAVA_LONG_UNALIGNED, from + b));
    }
    for (; b < bytes; b += 4) {
      y.set(JAVA_INT, to + b, x.get(JAVA_INT, from + b));
    }
  }
}
