package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.all;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/** F(4, 5) on the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. */
final class WinogradFive extends WinogradTransform {
  // Constants, not broadcasts in the loops: see Lanes.
  private static final FloatVector MINUS_FIVE_QUARTERS = all(-1.25f);
  private static final FloatVector MINUS_FIVE_HALVES = all(-2.5f);
  private static final FloatVector MINUS_FIVE = all(-5f);
  private static final FloatVector MINUS_17_QUARTERS = all(-4.25f);
  private static final FloatVector PLUS_21_QUARTERS = all(5.25f);
  private static final FloatVector MINUS_21_QUARTERS = all(-5.25f);
  private static final FloatVector MINUS_2_NINTHS = all(-2 / 9f);
  private static final FloatVector NINETIETH = all(1 / 90f);
  private static final FloatVector TWO_45THS = all(2 / 45f);

  WinogradFive() {
    super(4, 5);
  }

  /** B^T: eight pixels to eight points. */
  @Override
  void input(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var x5 = fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER);
      var x6 = fromMemorySegment(WIDTH, MEMORY, from + e + 6 * step, ORDER);
      x4.sub(x2)
          .fma(PLUS_21_QUARTERS, fromMemorySegment(WIDTH, MEMORY, from + e, ORDER).sub(x6))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      var even = x4.fma(MINUS_17_QUARTERS, x2.add(x6));
      var odd = x3.fma(MINUS_17_QUARTERS, x1.add(x5));
      even.add(odd).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      even = x4.fma(MINUS_FIVE_QUARTERS, x2.fma(QUARTER, x6));
      odd = x3.fma(MINUS_FIVE_HALVES, x1.fma(HALF, x5.add(x5)));
      even.add(odd).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      even = x4.fma(MINUS_FIVE, x2.fma(FOUR, x6));
      odd = x3.fma(MINUS_FIVE_HALVES, x5.fma(HALF, x1.add(x1)));
      even.add(odd).intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 6 * toStep, ORDER);
      x3.sub(x5)
          .fma(
              PLUS_21_QUARTERS,
              fromMemorySegment(WIDTH, MEMORY, from + e + 7 * step, ORDER).sub(x1))
          .intoMemorySegment(MEMORY, to + e + 7 * toStep, ORDER);
    }
  }

  /** B: the adjoint, eight points to eight pixels. */
  @Override
  void inputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var x5 = fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER);
      var x6 = fromMemorySegment(WIDTH, MEMORY, from + e + 6 * step, ORDER);
      var x7 = fromMemorySegment(WIDTH, MEMORY, from + e + 7 * step, ORDER);
      var one = x1.add(x2);
      var two = x3.add(x4);
      var half = x5.add(x6);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      x0.fma(MINUS_21_QUARTERS, half.fma(FOUR, two.fma(QUARTER, one)))
          .intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x0.fma(
              PLUS_21_QUARTERS,
              half.fma(MINUS_FIVE, two.fma(MINUS_FIVE_QUARTERS, one.mul(MINUS_17_QUARTERS))))
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      one.add(two).add(half.sub(x0)).intoMemorySegment(MEMORY, to + e + 6 * toStep, ORDER);
      one = x1.sub(x2);
      two = x3.sub(x4);
      half = x5.sub(x6);
      half.fma(TWO, two.fma(HALF, one.sub(x7))).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x7.fma(PLUS_21_QUARTERS, two.add(half).fma(MINUS_FIVE_HALVES, one.mul(MINUS_17_QUARTERS)))
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      x7.fma(MINUS_21_QUARTERS, half.fma(HALF, two.fma(TWO, one)))
          .intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
      x7.intoMemorySegment(MEMORY, to + e + 7 * toStep, ORDER);
    }
  }

  /** A^T: eight points to four pixels. */
  @Override
  void output(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var x5 = fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER);
      var x6 = fromMemorySegment(WIDTH, MEMORY, from + e + 6 * step, ORDER);
      var one = x1.add(x2);
      var two = x3.add(x4);
      var half = x5.add(x6);
      fromMemorySegment(WIDTH, MEMORY, from + e, ORDER)
          .add(one)
          .add(two.add(half))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      two.fma(FOUR, half.fma(QUARTER, one)).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      one = x1.sub(x2);
      two = x3.sub(x4);
      half = x5.sub(x6);
      two.fma(TWO, half.fma(HALF, one)).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      two.fma(
              EIGHT,
              half.fma(
                  EIGHTH, one.add(fromMemorySegment(WIDTH, MEMORY, from + e + 7 * step, ORDER))))
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }

  /** A: the adjoint, four pixels to eight points. */
  @Override
  void outputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      var even = x0.add(x2);
      var odd = x1.add(x3);
      even.add(odd).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      even = x2.fma(FOUR, x0);
      odd = x3.fma(EIGHT, x1.add(x1));
      even.add(odd).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      even = x2.fma(QUARTER, x0);
      odd = x3.fma(EIGHTH, x1.mul(HALF));
      even.add(odd).intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 6 * toStep, ORDER);
      x3.intoMemorySegment(MEMORY, to + e + 7 * toStep, ORDER);
    }
  }

  /** G: five taps to eight points. */
  @Override
  void taps(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var a = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var b = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var c = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var f = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      a.intoMemorySegment(MEMORY, to + e, ORDER);
      var even = a.add(c).add(f).mul(MINUS_2_NINTHS);
      var odd = b.add(d).mul(MINUS_2_NINTHS);
      even.add(odd).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      even = f.fma(SIXTEEN, c.fma(FOUR, a)).mul(NINETIETH);
      odd = d.fma(EIGHT, b.add(b)).mul(NINETIETH);
      even.add(odd).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      even = a.fma(SIXTEEN, c.fma(FOUR, f)).mul(TWO_45THS);
      odd = b.fma(EIGHT, d.add(d)).mul(TWO_45THS);
      even.add(odd).intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 6 * toStep, ORDER);
      f.intoMemorySegment(MEMORY, to + e + 7 * toStep, ORDER);
    }
  }

  /** G^T: eight points to five taps. */
  @Override
  void tapsBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var x5 = fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER);
      var x6 = fromMemorySegment(WIDTH, MEMORY, from + e + 6 * step, ORDER);
      var one = x1.add(x2).mul(MINUS_2_NINTHS);
      var two = x3.add(x4).mul(NINETIETH);
      var half = x5.add(x6).mul(TWO_45THS);
      half.fma(SIXTEEN, one.add(two))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e, ORDER))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      two.add(half).fma(FOUR, one).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      two.fma(SIXTEEN, one.add(half))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e + 7 * step, ORDER))
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      one = x1.sub(x2).mul(MINUS_2_NINTHS);
      two = x3.sub(x4).mul(NINETIETH);
      half = x5.sub(x6).mul(TWO_45THS);
      half.fma(EIGHT, two.fma(TWO, one)).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      two.fma(EIGHT, half.fma(TWO, one)).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }
}
