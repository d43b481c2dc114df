package dev.sluice.cpu;

import dev.sluice.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Element access for the plain loops, which reckon in double and are written once for all types.
 */
enum Reals {
  FLOATS {
    @Override
    double get(MemorySegment m, long i) {
      return m.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }

    @Override
    void set(MemorySegment m, long i, double v) {
      m.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) v);
    }

    @Override
    double rounded(double v) {
      return (float) v;
    }
  },
  DOUBLES {
    @Override
    double get(MemorySegment m, long i) {
      return m.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
    }

    @Override
    void set(MemorySegment m, long i, double v) {
      m.setAtIndex(ValueLayout.JAVA_DOUBLE, i, v);
    }

    @Override
    double rounded(double v) {
      return v;
    }
  };

  private static final MemorySegment ZEROS = Arena.global().allocate(1 << 14, 64);

  abstract double get(MemorySegment m, long i);

  abstract void set(MemorySegment m, long i, double v);

  /** What {@link #get} gives after {@link #set}. */
  abstract double rounded(double v);

  void add(MemorySegment m, long i, double v) {
    set(m, i, get(m, i) + v);
  }

  void copy(MemorySegment from, long fromAt, MemorySegment to, long toAt, int count) {
    MemorySegment.copy(from, fromAt * bytes(), to, toAt * bytes(), (long) count * bytes());
  }

  /** Without the object that a part to be filled would be. */
  void zero(MemorySegment m, long at, int count) {
    long end = (at + count) * bytes();
    for (long e = at * bytes(); e < end; e += ZEROS.byteSize()) {
      MemorySegment.copy(ZEROS, 0, m, e, Math.min(ZEROS.byteSize(), end - e));
    }
  }

  int bytes() {
    return this == FLOATS ? 4 : 8;
  }

  static Reals of(DType type) {
    return switch (type) {
      case FLOAT32 -> FLOATS;
      case FLOAT64 -> DOUBLES;
      default ->
          throw new IllegalArgumentException(
              "cpu engine: expected FLOAT32 or FLOAT64 elements, got " + type);
    };
  }

  /** Without overflow at either end. */
  static double sigmoid(double x) {
    double e = Math.exp(-Math.abs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
  }
}
