package dev.sluice.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Vector arithmetic of the float loops. Only touched where {@link VectorApi#PRESENT}. */
final class Lanes {
  /** The widest vectors of this machine. */
  static final VectorSpecies<Float> WIDTH = FloatVector.SPECIES_PREFERRED;

  static final int COUNT = WIDTH.length();

  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /**
   * All there is, for loops over addresses: there C2 checks no bounds, and knows that vectors lie
   * outside the heap. Whoever calls such a loop answers for what it touches.
   */
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /** Bytes of a vector. */
  static final long STEP = 4L * COUNT;

  // Constants, not broadcasts in the loops: each of those is inlined some ten methods deep, and C2
  // stops inlining, and boxes vectors, in a loop that has too much of that. It then still inlines
  // the Vector API's own methods, but none of ours, be it one line: loops call none where they can.
  private static final FloatVector LOW = all(-8.003324f);
  private static final FloatVector HIGH = all(8.003324f);
  private static final FloatVector P1 = all(4.89352455891786e-03f);
  private static final FloatVector P3 = all(6.37261928875436e-04f);
  private static final FloatVector P5 = all(1.48572235717979e-05f);
  private static final FloatVector P7 = all(5.12229709037114e-08f);
  private static final FloatVector P9 = all(-8.60467152213735e-11f);
  private static final FloatVector P11 = all(2.00018790482477e-13f);
  private static final FloatVector P13 = all(-2.76076847742355e-16f);
  private static final FloatVector Q0 = all(4.89352518554385e-03f);
  private static final FloatVector Q2 = all(2.26843463243900e-03f);
  private static final FloatVector Q4 = all(1.18534705686654e-04f);
  private static final FloatVector Q6 = all(1.19825839466702e-06f);
  private static final FloatVector HALF = all(0.5f);
  static final FloatVector ONE = all(1f);
  private static final FloatVector TINY = all(0x1p-110f);
  static final FloatVector ZERO = all(0f);

  private static final VectorShuffle<Float> BY_8 = turned(8);
  private static final VectorShuffle<Float> BY_4 = turned(4);
  private static final VectorShuffle<Float> BY_2 = turned(2);
  private static final VectorShuffle<Float> BY_1 = turned(1);

  /** Made once: a mask is an object. */
  private static final VectorMask<Float>[] FIRST = masks();

  private Lanes() {}

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static VectorMask<Float>[] masks() {
    var all = new VectorMask[COUNT];
    for (int count = 0; count < COUNT; count++) {
      all[count] = WIDTH.indexInRange(0, count);
    }
    return all;
  }

  /** {@return a mask of the first lanes, less than all} */
  static VectorMask<Float> first(int count) {
    return FIRST[count];
  }

  private static VectorShuffle<Float> turned(int by) {
    return VectorShuffle.iota(WIDTH, by, 1, true);
  }

  /**
   * The sum of all lanes: the upper half is added to the lower one until one lane is left. Not by
   * reduceLanes, which adds in one order while the JVM interprets and in another once it has
   * compiled: a run that is repeated would give other bits.
   */
  static float sum(FloatVector v) {
    var sum = v;
    if (COUNT > 8) {
      sum = sum.add(sum.rearrange(BY_8));
    }
    if (COUNT > 4) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    sum = sum.add(sum.rearrange(BY_2));
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }

  /** For constants: a broadcast inside of a loop is done in each round. */
  static FloatVector all(float value) {
    return FloatVector.broadcast(WIDTH, value);
  }

  /**
   * A quotient of polynomials of degree 13 and 6 up to 8.003324, where it is 1 to the last bit, so
   * that what is saturated has no slope: largest error 2.9e-7. NaN stays NaN.
   */
  static FloatVector tanh(FloatVector v) {
    // Comparisons take two instructions each: Java's min and max, which mind the signs of zeros,
    // six.
    var low = v.blend(LOW, v.compare(VectorOperators.LT, LOW));
    var x = low.blend(HIGH, low.compare(VectorOperators.GT, HIGH));
    var s = x.mul(x);
    var p = s.fma(P13, P11).fma(s, P9).fma(s, P7).fma(s, P5).fma(s, P3).fma(s, P1);
    var q = s.fma(Q6, Q4).fma(s, Q2).fma(s, Q0);
    return x.mul(p).div(q);
  }

  /** (1 + tanh(x / 2)) / 2: absolute error 1.6e-7. */
  static FloatVector sigmoid(FloatVector v) {
    return tanh(v.mul(HALF)).fma(HALF, HALF);
  }

  /** Elements from..to, in whole vectors; the rest is the caller's. */
  static int whole(int from, int to) {
    return from + (to - from) / COUNT * COUNT;
  }

  /** x = s(x) for addresses at..end. */
  static void sigmoid(long at, long end) {
    for (long e = at; e < end; e += STEP) {
      sigmoid(fromMemorySegment(WIDTH, MEMORY, e, ORDER)).intoMemorySegment(MEMORY, e, ORDER);
    }
  }

  /** x = 0 where it is under 2^-110, for addresses at..end. */
  static void flush(long at, long end) {
    for (long e = at; e < end; e += STEP) {
      var v = fromMemorySegment(WIDTH, MEMORY, e, ORDER);
      v.blend(ZERO, v.abs().compare(VectorOperators.LT, TINY)).intoMemorySegment(MEMORY, e, ORDER);
    }
  }

  /** x = 0 for addresses at..end. */
  static void zero(long at, long end) {
    for (long e = at; e < end; e += STEP) {
      ZERO.intoMemorySegment(MEMORY, e, ORDER);
    }
  }

  /** x = tanh(x) for addresses at..end. */
  static void tanh(long at, long end) {
    for (long e = at; e < end; e += STEP) {
      tanh(fromMemorySegment(WIDTH, MEMORY, e, ORDER)).intoMemorySegment(MEMORY, e, ORDER);
    }
  }

  /** to = a b for some bytes at addresses. */
  static void product(long a, long b, long to, long bytes) {
    for (long e = 0; e < bytes; e += STEP) {
      fromMemorySegment(WIDTH, MEMORY, a + e, ORDER)
          .mul(fromMemorySegment(WIDTH, MEMORY, b + e, ORDER))
          .intoMemorySegment(MEMORY, to + e, ORDER);
    }
  }

  /** a += b c for some bytes at addresses. */
  static void addProduct(long a, long b, long c, long bytes) {
    for (long e = 0; e < bytes; e += STEP) {
      fromMemorySegment(WIDTH, MEMORY, b + e, ORDER)
          .fma(
              fromMemorySegment(WIDTH, MEMORY, c + e, ORDER),
              fromMemorySegment(WIDTH, MEMORY, a + e, ORDER))
          .intoMemorySegment(MEMORY, a + e, ORDER);
    }
  }

  /** to = from at addresses: for runs this short a call of the JVM's copy takes longer. */
  static void copy(long from, long to, int count) {
    int e = 0;
    for (; e + COUNT <= count; e += COUNT) {
      fromMemorySegment(WIDTH, MEMORY, from + 4L * e, ORDER)
          .intoMemorySegment(MEMORY, to + 4L * e, ORDER);
    }
    for (; e < count; e++) {
      MEMORY.set(JAVA_FLOAT, to + 4L * e, MEMORY.get(JAVA_FLOAT, from + 4L * e));
    }
  }

  /** to += from at addresses. */
  static void add(long from, long to, int count) {
    int e = 0;
    for (; e + COUNT <= count; e += COUNT) {
      fromMemorySegment(WIDTH, MEMORY, to + 4L * e, ORDER)
          .add(fromMemorySegment(WIDTH, MEMORY, from + 4L * e, ORDER))
          .intoMemorySegment(MEMORY, to + 4L * e, ORDER);
    }
    for (; e < count; e++) {
      float sum = MEMORY.get(JAVA_FLOAT, to + 4L * e) + MEMORY.get(JAVA_FLOAT, from + 4L * e);
      MEMORY.set(JAVA_FLOAT, to + 4L * e, sum);
    }
  }
}
