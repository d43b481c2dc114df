package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.all;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/** F(4, 3) on the points 0, 1, -1, 1/2, -2 and infinity. */
final class WinogradThree extends WinogradTransform {
  // Constants, not broadcasts in the loops: see Lanes.
  private static final FloatVector MINUS_HALF = all(-0.5f);
  private static final FloatVector THREE_HALVES = all(1.5f);
  private static final FloatVector MINUS_THREE_HALVES = all(-1.5f);

  WinogradThree() {
    super(4, 3);
  }

  /** B^T: six pixels to six points. */
  @Override
  void input(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var p = x4.sub(x2);
      var q = x3.sub(x1);
      var even = x3.fma(THREE_HALVES, p);
      var odd = x2.fma(THREE_HALVES, q);
      x2.fma(
              MINUS_TWO,
              q.fma(THREE_HALVES, fromMemorySegment(WIDTH, MEMORY, from + e, ORDER).add(x4)))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      even.add(odd).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      q.fma(TWO, p).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      q.fma(MINUS_HALF, p).intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      x3.fma(
              MINUS_TWO,
              p.fma(
                  THREE_HALVES,
                  x1.add(fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER))))
          .intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
    }
  }

  /** B: the adjoint, six points to six pixels. */
  @Override
  void inputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var x5 = fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER);
      var s = x1.add(x2);
      var d = x1.sub(x2);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      x3.fma(MINUS_TWO, x0.fma(MINUS_THREE_HALVES, x4.fma(HALF, x5.sub(d))))
          .intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x5.fma(MINUS_THREE_HALVES, x0.fma(MINUS_TWO, d.fma(THREE_HALVES, s.add(x3).add(x4).neg())))
          .intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x5.sub(x3)
          .fma(MINUS_TWO, x4.fma(MINUS_HALF, s.add(x0).fma(THREE_HALVES, d)))
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      x5.fma(THREE_HALVES, s.add(x0).add(x3.add(x4)))
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      x5.intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
    }
  }

  /** A^T: six points to four pixels. */
  @Override
  void output(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var s = x1.add(x2);
      var d = x1.sub(x2);
      fromMemorySegment(WIDTH, MEMORY, from + e, ORDER)
          .add(s)
          .add(x3.add(x4))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      x4.fma(MINUS_TWO, x3.fma(HALF, d)).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x4.fma(FOUR, x3.fma(QUARTER, s)).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x4.fma(
              MINUS_EIGHT,
              x3.fma(EIGHTH, d.add(fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER))))
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }

  /** A: the adjoint, four pixels to six points. */
  @Override
  void outputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var even = x0.add(x2);
      var odd = x1.add(x3);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      even.add(odd).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(odd).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x3.fma(EIGHTH, x2.fma(QUARTER, x1.fma(HALF, x0)))
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      x3.fma(MINUS_EIGHT, x2.fma(FOUR, x1.fma(MINUS_TWO, x0)))
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      x3.intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
    }
  }

  /** G: three taps to six points. */
  @Override
  void taps(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var a = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var b = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var c = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var even = a.add(c);
      a.intoMemorySegment(MEMORY, to + e, ORDER);
      even.add(b).mul(THIRD).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(b).mul(MINUS_THIRD).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      a.fma(FOUR, b.fma(TWO, c))
          .mul(FOUR)
          .mul(MINUS_FIFTEENTH)
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      c.fma(FOUR, b.fma(MINUS_TWO, a))
          .mul(FIFTEENTH)
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      c.intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
    }
  }

  /** G^T: six points to three taps. */
  @Override
  void tapsBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var c =
          fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER)
              .mul(FOUR)
              .mul(MINUS_FIFTEENTH);
      var d = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER).mul(FIFTEENTH);
      var a = x1.sub(x2).mul(THIRD);
      c.fma(FOUR, a.add(d))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e, ORDER))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      c.sub(d).fma(TWO, x1.add(x2).mul(THIRD)).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      d.fma(FOUR, a.add(c))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER))
          .intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
    }
  }
}
