package dev.sluice.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * What a ConvLSTM's step keeps of its gates: 8 bytes an element instead of 16, with nothing lost.
 *
 * <p>Forward rounds i and f to 21 bits and g to 22, evenly spaced, before it uses them: 2.4e-7 at
 * most, as far as {@link Lanes#tanh} is from the truth. So backward finds the very values, and
 * makes the same bits of c of them. It gets o as h / tanh(c), which {@link #slope} keeps away from
 * zero. NaN stays NaN: forward goes on with the numbers it rounded, and h has what came of them.
 *
 * <p>[rows, 2, L] words, as LstmGates' rows lie: f and the lower half of g, i and the upper half.
 */
final class KeptGates {
  /** A float from here to its double has its whole part in its lower bits. */
  private static final float ONES = 0x1p23f;

  static final int ONES_BITS = Float.floatToRawIntBits(ONES);

  /** i, f and g are multiples of 1 / TOP. */
  static final float TOP = (1 << 21) - 4;

  static final float STEP = 1 / TOP;

  /** Where i and f are zero; one above, since what is rounded to it may be a little less. */
  static final float ZERO = ONES + 1;

  /** Where g is zero. */
  static final float MIDDLE = ZERO + TOP;

  /** Bits of half of g. */
  static final int HALF = 11;

  static final int LOW = (1 << HALF) - 1;

  /** Bounds |tanh(c)| from below: what it adds to an h of zero is none for a float32 sum. */
  static final float LEAST = 0x1p-64f;

  private KeptGates() {}

  /** tanh(c) as h has it. */
  static float slope(float tanh) {
    return Math.abs(tanh) < LEAST ? LEAST : tanh;
  }

  private static long at(int row, int length, int j) {
    return 4L * (2L * row * length + j);
  }

  /** {@return c_t of an element, whose gates it keeps} */
  static float keep(
      MemorySegment kept, int row, int length, int j, float i, float f, float g, float before) {
    float high = Math.fma(i, TOP, ZERO);
    float low = Math.fma(f, TOP, ZERO);
    float across = Math.fma(g, TOP, MIDDLE);
    int bits = Float.floatToRawIntBits(across);
    long at = at(row, length, j);
    kept.set(JAVA_INT, at, Float.floatToRawIntBits(low) << HALF | bits & LOW);
    kept.set(
        JAVA_INT, at + 4L * length, Float.floatToRawIntBits(high) << HALF | bits >>> HALF & LOW);
    return cell((high - ZERO) * STEP, (low - ZERO) * STEP, (across - MIDDLE) * STEP, before);
  }

  private static float cell(float i, float f, float g, float before) {
    return Math.fma(f, before, i * g);
  }

  /** i or f. */
  private static float half(int word) {
    return (Float.intBitsToFloat(word >>> HALF | ONES_BITS) - ZERO) * STEP;
  }

  private static float across(int low, int high) {
    int bits = (high & LOW) << HALF | low & LOW | ONES_BITS;
    return (Float.intBitsToFloat(bits) - MIDDLE) * STEP;
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
    for (int j = from; j < to; j++) {
      int low = kept.get(JAVA_INT, at(row, length, j));
      int high = kept.get(JAVA_INT, at(row, length, j) + 4L * length);
      long c = 4L * ((long) row * length + j);
      float was = before.get(JAVA_FLOAT, c);
      after.set(JAVA_FLOAT, c, cell(half(high), half(low), across(low, high), was));
    }
  }

  /** The gates of some elements of a row, again. */
  static void gates(int row, int length, int from, int to, LstmGates.Backward s) {
    for (int j = from; j < to; j++) {
      int low = s.kept.get(JAVA_INT, at(row, length, j));
      int high = s.kept.get(JAVA_INT, at(row, length, j) + 4L * length);
      long c = (long) row * length + j;
      long a = (long) row * 4 * length + j;
      float slope = slope((float) Math.tanh(s.after.getAtIndex(JAVA_FLOAT, c)));
      s.gates.setAtIndex(JAVA_FLOAT, a, half(high));
      s.gates.setAtIndex(JAVA_FLOAT, a + length, half(low));
      s.gates.setAtIndex(JAVA_FLOAT, a + 2L * length, across(low, high));
      s.gates.setAtIndex(JAVA_FLOAT, a + 3L * length, s.h.getAtIndex(JAVA_FLOAT, c) / slope);
    }
  }
}
