package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.all;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Loops} over vectors; a class of its own, since the JVM cannot even link one with vectors
 * in its methods where their module is absent. What is left over is the caller's.
 */
final class LoopsVector {
  private static final VectorSpecies<Double> DOUBLES =
      VectorSpecies.of(double.class, WIDTH.vectorShape());

  /** As many floats. */
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(
          float.class, VectorShape.forBitSize(Math.max(64, WIDTH.vectorBitSize() / 2)));

  // Constants, not broadcasts in the loops: see Lanes. The polynomial is Cephes' (Moshier 1989).
  private static final FloatVector ZERO = all(0f);
  private static final FloatVector MOST = all(87f);
  private static final FloatVector LOG2_E = all(1.44269504f);
  private static final FloatVector LN2_HIGH = all(0.693359375f);
  private static final FloatVector LN2_LOW = all(-2.12194440e-4f);
  private static final FloatVector E5 = all(1.9875691500e-4f);
  private static final FloatVector E4 = all(1.3981999507e-3f);
  private static final FloatVector E3 = all(8.3334519073e-3f);
  private static final FloatVector E2 = all(4.1665795894e-2f);
  private static final FloatVector E1 = all(1.6666665459e-1f);
  private static final FloatVector E0 = all(5.0000001201e-1f);

  /** What is added to it has its whole part in its lower bits. */
  private static final FloatVector WHOLE = all(0x1.8p23f);

  private static final IntVector POWER =
      IntVector.broadcast(
          VectorSpecies.of(int.class, WIDTH.vectorShape()),
          Float.floatToRawIntBits(0x1.8p23f) + 127);

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

  /**
   * y = s(x), whole vectors: to the last bits, and small probabilities as well, unlike {@link
   * Lanes#sigmoid}.
   */
  static void sigmoid(MemorySegment x, MemorySegment y, int low, int high) {
    for (long at = 4L * low; at < 4L * high; at += Lanes.STEP) {
      var v = fromMemorySegment(WIDTH, x, at, ORDER);
      var e = exp(v.abs());
      ONE.blend(e, v.compare(VectorOperators.LT, ZERO))
          .div(e.add(ONE))
          .intoMemorySegment(y, at, ORDER);
    }
  }

  /** e^-v for v of 0 or more, as if no more than 87: 2^-k by its bits, the rest by a polynomial. */
  private static FloatVector exp(FloatVector v) {
    var a = v.blend(MOST, v.compare(VectorOperators.GT, MOST));
    var rounded = a.fma(LOG2_E, WHOLE);
    var k = rounded.sub(WHOLE);
    var r = k.fma(LN2_LOW, k.fma(LN2_HIGH, a.neg()));
    var p = r.fma(E5, E4).fma(r, E3).fma(r, E2).fma(r, E1).fma(r, E0);
    var power = POWER.sub(rounded.reinterpretAsInts()).lanewise(VectorOperators.LSHL, 23);
    return p.fma(r.mul(r), r.add(ONE)).mul(power.reinterpretAsFloats());
  }

  /** to += factor (a - b), whole vectors. */
  static void addDifference(
      MemorySegment a, MemorySegment b, float factor, MemorySegment to, int low, int high) {
    var factors = all(factor);
    for (long at = 4L * low; at < 4L * high; at += Lanes.STEP) {
      fromMemorySegment(WIDTH, a, at, ORDER)
          .sub(fromMemorySegment(WIDTH, b, at, ORDER))
          .fma(factors, fromMemorySegment(WIDTH, to, at, ORDER))
          .intoMemorySegment(to, at, ORDER);
    }
  }

  /** The sum of (a - b)^2 in double, whole vectors. */
  static double squares(MemorySegment a, MemorySegment b, int count) {
    var sum = DoubleVector.zero(DOUBLES);
    for (long at = 0; at < 4L * count; at += HALF.vectorByteSize()) {
      var d = doubles(a, at).sub(doubles(b, at));
      sum = d.fma(d, sum);
    }
    double total = 0;
    for (double lane : sum.toArray()) {
      total += lane;
    }
    return total;
  }

  private static DoubleVector doubles(MemorySegment x, long at) {
    var floats = FloatVector.fromMemorySegment(HALF, x, at, ORDER);
    return (DoubleVector) floats.convertShape(VectorOperators.F2D, DOUBLES, 0);
  }

  /**
   * Rows from one address to another, copied or added.
   *
   * @param down bytes from one row to the next, where they come from and where they go
   */
  static void rows(int rows, int columns, long from, long down, long to, long downTo, boolean add) {
    var rest = WIDTH.indexInRange(0, columns % Lanes.COUNT);
    long whole = 4L * Lanes.whole(0, columns);
    for (int row = 0; row < rows; row++) {
      for (long e = 0; e < whole; e += Lanes.STEP) {
        var x = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
        (add ? x.add(fromMemorySegment(WIDTH, MEMORY, to + e, ORDER)) : x)
            .intoMemorySegment(MEMORY, to + e, ORDER);
      }
      if (whole < 4L * columns) {
        var x = fromMemorySegment(WIDTH, MEMORY, from + whole, ORDER, rest);
        (add ? x.add(fromMemorySegment(WIDTH, MEMORY, to + whole, ORDER, rest)) : x)
            .intoMemorySegment(MEMORY, to + whole, ORDER, rest);
      }
      from += down;
      to += downTo;
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
