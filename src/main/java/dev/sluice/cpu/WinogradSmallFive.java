package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

/** F(2, 5) on the points 0, 1, -1, 1/2, -2 and infinity. */
final class WinogradSmallFive extends WinogradTransform {
  /** B is a matter of the points alone. */
  private final WinogradThree samePoints = new WinogradThree();

  WinogradSmallFive() {
    super(2, 5);
  }

  /** B^T: six pixels to six points. */
  @Override
  void input(long from, long step, long to, long toStep, long bytes) {
    samePoints.input(from, step, to, toStep, bytes);
  }

  /** B: the adjoint, six points to six pixels. */
  @Override
  void inputBack(long from, long step, long to, long toStep, long bytes) {
    samePoints.inputBack(from, step, to, toStep, bytes);
  }

  /** A^T: six points to two pixels. */
  @Override
  void output(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var x4 = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      fromMemorySegment(WIDTH, MEMORY, from + e, ORDER)
          .add(x1.add(x2))
          .add(x3.add(x4))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      x4.fma(MINUS_TWO, x3.fma(HALF, x1.sub(x2)))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER))
          .intoMemorySegment(MEMORY, to + e + toStep, ORDER);
    }
  }

  /** A: the adjoint, two pixels to six points. */
  @Override
  void outputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      x0.add(x1).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x0.sub(x1).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x1.fma(HALF, x0).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      x1.fma(MINUS_TWO, x0).intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      x1.intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
    }
  }

  /** G: five taps to six points. */
  @Override
  void taps(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var a = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var b = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var c = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var d = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      var f = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER);
      var even = a.add(c).add(f);
      var odd = b.add(d);
      a.intoMemorySegment(MEMORY, to + e, ORDER);
      even.add(odd).mul(THIRD).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(odd).mul(MINUS_THIRD).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      a.fma(SIXTEEN, b.fma(EIGHT, c.fma(FOUR, d.fma(TWO, f))))
          .mul(MINUS_FIFTEENTH)
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      f.fma(SIXTEEN, d.fma(MINUS_EIGHT, c.fma(FOUR, b.fma(MINUS_TWO, a))))
          .mul(FIFTEENTH)
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
      f.intoMemorySegment(MEMORY, to + e + 5 * toStep, ORDER);
    }
  }

  /** G^T: six points to five taps. */
  @Override
  void tapsBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var c = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER).mul(MINUS_FIFTEENTH);
      var d = fromMemorySegment(WIDTH, MEMORY, from + e + 4 * step, ORDER).mul(FIFTEENTH);
      var even = x1.sub(x2).mul(THIRD);
      var odd = x1.add(x2).mul(THIRD);
      c.fma(SIXTEEN, even.add(d))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e, ORDER))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      c.fma(EIGHT, d.fma(MINUS_TWO, odd)).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      c.add(d).fma(FOUR, even).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      c.fma(TWO, d.fma(MINUS_EIGHT, odd)).intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
      d.fma(SIXTEEN, even.add(c))
          .add(fromMemorySegment(WIDTH, MEMORY, from + e + 5 * step, ORDER))
          .intoMemorySegment(MEMORY, to + e + 4 * toStep, ORDER);
    }
  }
}
