package dev.sluice.cpu;

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

  private static long at(int row, int length, int from) {
    return 4 * (2L * row * length + from);
  }

  /** Keeps i, f and g, and makes c_t of what is kept. */
  static void keep(int row, int length, int from, int to, LstmGates.Forward s) {
    long gate = 4L * length;
    long i = 4 * gate * row + 4L * from;
    long c = gate * row + 4L * from;
    keep(4L * (to - from), gate, s.gates, i, s.kept, at(row, length, from), s.before, s.after, c);
  }

  private static void keep(
      long bytes,
      long gate,
      MemorySegment a,
      long i,
      MemorySegment kept,
      long at,
      MemorySegment before,
      MemorySegment after,
      long c) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var high = fromMemorySegment(WIDTH, a, i + e, ORDER).fma(TOP, ZERO);
      var low = fromMemorySegment(WIDTH, a, i + gate + e, ORDER).fma(TOP, ZERO);
      var across = fromMemorySegment(WIDTH, a, i + 2 * gate + e, ORDER).fma(TOP, MIDDLE);
      var bits = across.reinterpretAsInts();
      low.reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, KeptGates.HALF)
          .or(bits.and(LOW))
          .intoMemorySegment(kept, at + e, ORDER);
      high.reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, KeptGates.HALF)
          .or(bits.lanewise(VectorOperators.LSHR, KeptGates.HALF).and(LOW))
          .intoMemorySegment(kept, at + gate + e, ORDER);
      low.sub(ZERO)
          .mul(UNIT)
          .fma(
              fromMemorySegment(WIDTH, before, c + e, ORDER),
              high.sub(ZERO).mul(UNIT).mul(across.sub(MIDDLE).mul(UNIT)))
          .intoMemorySegment(after, c + e, ORDER);
    }
  }

  /** h = o tanh(c). */
  static void output(
      long bytes, MemorySegment a, long o, MemorySegment after, long at, MemorySegment h, long to) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var t = Lanes.tanh(fromMemorySegment(WIDTH, after, at + e, ORDER));
      fromMemorySegment(WIDTH, a, o + e, ORDER)
          .mul(t.blend(LEAST, t.abs().compare(VectorOperators.LT, LEAST)))
          .intoMemorySegment(h, to + e, ORDER);
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
    long c = gate * row + 4L * from;
    long at = at(row, length, from);
    long bytes = 4L * (to - from);
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var low = IntVector.fromMemorySegment(WORDS, kept, at + e, ORDER);
      var high = IntVector.fromMemorySegment(WORDS, kept, at + gate + e, ORDER);
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
          .fma(fromMemorySegment(WIDTH, before, c + e, ORDER), ig)
          .intoMemorySegment(after, c + e, ORDER);
    }
  }

  /** The gates of some elements of a row, again; c_t becomes tanh(c_t) without peepholes. */
  static void gates(int row, int length, int from, int to, LstmGates.Backward s) {
    long gate = 4L * length;
    long c = gate * row + 4L * from;
    long i = 4 * gate * row + 4L * from;
    long bytes = 4L * (to - from);
    inner(bytes, gate, s.kept, at(row, length, from), s.gates, i);
    if (s.peephole == null) {
      Lanes.tanh(s.after, c, c + bytes);
      outer(bytes, s.h, s.after, c, s.gates, i + 3 * gate);
    } else {
      peeped(bytes, s.h, s.after, c, s.gates, i + 3 * gate);
    }
  }

  /** i, f and g. */
  private static void inner(
      long bytes, long gate, MemorySegment kept, long at, MemorySegment a, long i) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var low = IntVector.fromMemorySegment(WORDS, kept, at + e, ORDER);
      var high = IntVector.fromMemorySegment(WORDS, kept, at + gate + e, ORDER);
      high.lanewise(VectorOperators.LSHR, KeptGates.HALF)
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(ZERO)
          .mul(UNIT)
          .intoMemorySegment(a, i + e, ORDER);
      low.lanewise(VectorOperators.LSHR, KeptGates.HALF)
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(ZERO)
          .mul(UNIT)
          .intoMemorySegment(a, i + gate + e, ORDER);
      high.and(LOW)
          .lanewise(VectorOperators.LSHL, KeptGates.HALF)
          .or(low.and(LOW))
          .or(ONES_BITS)
          .reinterpretAsFloats()
          .sub(MIDDLE)
          .mul(UNIT)
          .intoMemorySegment(a, i + 2 * gate + e, ORDER);
    }
  }

  /** o, where after is tanh(c). */
  private static void outer(
      long bytes, MemorySegment h, MemorySegment after, long c, MemorySegment a, long o) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var t = fromMemorySegment(WIDTH, after, c + e, ORDER);
      fromMemorySegment(WIDTH, h, c + e, ORDER)
          .div(t.blend(LEAST, t.abs().compare(VectorOperators.LT, LEAST)))
          .intoMemorySegment(a, o + e, ORDER);
    }
  }

  /** o, where after is c, and stays. */
  private static void peeped(
      long bytes, MemorySegment h, MemorySegment after, long c, MemorySegment a, long o) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var t = Lanes.tanh(fromMemorySegment(WIDTH, after, c + e, ORDER));
      fromMemorySegment(WIDTH, h, c + e, ORDER)
          .div(t.blend(LEAST, t.abs().compare(VectorOperators.LT, LEAST)))
          .intoMemorySegment(a, o + e, ORDER);
    }
  }
}
