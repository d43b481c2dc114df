package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link KeptGates} over vectors: elements from..to of one row, a multiple of a vector's. */
final class KeptGatesVector {
  private static final VectorSpecies<Integer> WORDS =
      VectorSpecies.of(int.class, WIDTH.vectorShape());
  private static final FloatVector ZERO = Lanes.all(KeptGates.ZERO);
  private static final FloatVector TOP = Lanes.all(KeptGates.TOP);
  private static final FloatVector MIDDLE = Lanes.all(KeptGates.MIDDLE);
  private static final FloatVector UNIT = Lanes.all(KeptGates.STEP);
  private static final FloatVector LEAST = Lanes.all(KeptGates.LEAST);
  private static final IntVector LOW = IntVector.broadcast(WORDS, KeptGates.LOW);
  private static final IntVector ONES_BITS = IntVector.broadcast(WORDS, KeptGates.ONES_BITS);

  private KeptGatesVector() {}

  /** Where a row's words lie. */
  private static long at(MemorySegment kept, int row, int length, int from) {
    return kept.address() + 4 * (2L * row * length + from);
  }

  /**
   * Keeps i, f and g, and makes c_t of what is kept.
   *
   * @param i the address of the first i, as before and after are those of c
   */
  static void keep(
      int row, int length, int from, int to, long i, MemorySegment kept, long before, long after) {
    keep(4L * (to - from), 4L * length, i, at(kept, row, length, from), before, after);
  }

  private static void keep(long bytes, long gate, long i, long kept, long before, long after) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var high = fromMemorySegment(WIDTH, MEMORY, i + e, ORDER).fma(TOP, ZERO);
      var low = fromMemorySegment(WIDTH, MEMORY, i + gate + e, ORDER).fma(TOP, ZERO);
      var across = fromMemorySegment(WIDTH, MEMORY, i + 2 * gate + e, ORDER).fma(TOP, MIDDLE);
      var bits = across.reinterpretAsInts();
      low.reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, KeptGates.HALF)
          .or(bits.and(LOW))
          .intoMemorySegment(MEMORY, kept + e, ORDER);
      high.reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, KeptGates.HALF)
          .or(bits.lanewise(VectorOperators.LSHR, KeptGates.HALF).and(LOW))
          .intoMemorySegment(MEMORY, kept + gate + e, ORDER);
      low.sub(ZERO)
          .mul(UNIT)
          .fma(
              fromMemorySegment(WIDTH, MEMORY, before + e, ORDER),
              high.sub(ZERO).mul(UNIT).mul(across.sub(MIDDLE).mul(UNIT)))
          .intoMemorySegment(MEMORY, after + e, ORDER);
    }
  }

  /** h = o tanh(c). */
  static void output(long bytes, long o, long after, long h) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var t = Lanes.tanh(fromMemorySegment(WIDTH, MEMORY, after + e, ORDER));
      fromMemorySegment(WIDTH, MEMORY, o + e, ORDER)
          .mul(t.blend(LEAST, t.abs().compare(VectorOperators.LT, LEAST)))
          .intoMemorySegment(MEMORY, h + e, ORDER);
    }
  }

  /** c_t of some elements of a row, again. */
  static void again(
      int row,
      int length,
      int from,
      int to,
      MemorySegment kept,
      MemorySegment before,
      MemorySegment after) {
    long gate = 4L * length;
    long own = gate * row + 4L * from;
    long words = at(kept, row, length, from);
    again(4L * (to - from), gate, words, before.address() + own, after.address() + own);
  }

  private static void again(long bytes, long gate, long kept, long before, long after) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var low = IntVector.fromMemorySegment(WORDS, MEMORY, kept + e, ORDER);
      var high = IntVector.fromMemorySegment(WORDS, MEMORY, kept + gate + e, ORDER);
      var g =
          high.and(LOW)
              .lanewise(VectorOperators.LSHL, KeptGates.HALF)
              .or(low.and(LOW))
              .or(ONES_BITS)
              .reinterpretAsFloats()
              .sub(MIDDLE)
              .mul(UNIT);
      var ig =
          high.lanewise(VectorOperators.LSHR, KeptGates.HALF)
              .or(ONES_BITS)
              .reinterpretAsFloats()
              .sub(ZERO)
              .mul(UNIT)
              .mul(g);
      low.lanewise(VectorOperators.LSHR, KeptGates.HALF)
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(ZERO)
          .mul(UNIT)
          .fma(fromMemorySegment(WIDTH, MEMORY, before + e, ORDER), ig)
          .intoMemorySegment(MEMORY, after + e, ORDER);
    }
  }

  /**
   * The gates of some elements of a row, again; c_t becomes tanh(c_t) without peepholes.
   *
   * @param i the address of the first i, as after is that of c_t
   */
  static void gates(
      int row, int length, int from, int to, long i, LstmGates.Backward s, long after) {
    long gate = 4L * length;
    long bytes = 4L * (to - from);
    long h = s.h.address() + gate * row + 4L * from;
    inner(bytes, gate, at(s.kept, row, length, from), i);
    if (s.peephole == null) {
      Lanes.tanh(after, after + bytes);
      outer(bytes, h, after, i + 3 * gate);
    } else {
      peeped(bytes, h, after, i + 3 * gate);
    }
  }

  /** i, f and g. */
  private static void inner(long bytes, long gate, long kept, long i) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var low = IntVector.fromMemorySegment(WORDS, MEMORY, kept + e, ORDER);
      var high = IntVector.fromMemorySegment(WORDS, MEMORY, kept + gate + e, ORDER);
      high.lanewise(VectorOperators.LSHR, KeptGates.HALF)
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(ZERO)
          .mul(UNIT)
          .intoMemorySegment(MEMORY, i + e, ORDER);
      low.lanewise(VectorOperators.LSHR, KeptGates.HALF)
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(ZERO)
          .mul(UNIT)
          .intoMemorySegment(MEMORY, i + gate + e, ORDER);
      high.and(LOW)
          .lanewise(VectorOperators.LSHL, KeptGates.HALF)
          .or(low.and(LOW))
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(MIDDLE)
          .mul(UNIT)
          .intoMemorySegment(MEMORY, i + 2 * gate + e, ORDER);
    }
  }

  /** o, where after is tanh(c). */
  private static void outer(long bytes, long h, long after, long o) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var t = fromMemorySegment(WIDTH, MEMORY, after + e, ORDER);
      fromMemorySegment(WIDTH, MEMORY, h + e, ORDER)
          .div(t.blend(LEAST, t.abs().compare(VectorOperators.LT, LEAST)))
          .intoMemorySegment(MEMORY, o + e, ORDER);
    }
  }

  /** o, where after is c, and stays. */
  private static void peeped(long bytes, long h, long after, long o) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var t = Lanes.tanh(fromMemorySegment(WIDTH, MEMORY, after + e, ORDER));
      fromMemorySegment(WIDTH, MEMORY, h + e, ORDER)
          .div(t.blend(LEAST, t.abs().compare(VectorOperators.LT, LEAST)))
          .intoMemorySegment(MEMORY, o + e, ORDER);
    }
  }
}
