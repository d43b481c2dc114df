package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

/** F(2, 3) on the points 0, 1, -1 and infinity. */
final class WinogradSmallThree extends WinogradTransform {
  WinogradSmallThree() {
    super(2, 3);
  }

  /** B^T: four pixels to four points. */
  @Override
  void input(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      fromMemorySegment(WIDTH, MEMORY, from + e, ORDER)
          .sub(x2)
          .intoMemorySegment(MEMORY, to + e, ORDER);
      x2.add(x1).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x2.sub(x1).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER)
          .sub(x1)
          .intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }

  /** B: the adjoint, four points to four pixels. */
  @Override
  void inputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var x3 = fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      x1.sub(x2).sub(x3).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x1.add(x2).sub(x0).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x3.intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }

  /** A^T: four points to two pixels. */
  @Override
  void output(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      fromMemorySegment(WIDTH, MEMORY, from + e, ORDER)
          .add(x1.add(x2))
          .intoMemorySegment(MEMORY, to + e, ORDER);
      fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER)
          .add(x1.sub(x2))
          .intoMemorySegment(MEMORY, to + e + toStep, ORDER);
    }
  }

  /** A: the adjoint, two pixels to four points. */
  @Override
  void outputBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x0 = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      x0.intoMemorySegment(MEMORY, to + e, ORDER);
      x0.add(x1).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      x0.sub(x1).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      x1.intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }

  /** G: three taps to four points. */
  @Override
  void taps(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var a = fromMemorySegment(WIDTH, MEMORY, from + e, ORDER);
      var b = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var c = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var even = a.add(c);
      a.intoMemorySegment(MEMORY, to + e, ORDER);
      even.add(b).mul(HALF).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      even.sub(b).mul(HALF).intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
      c.intoMemorySegment(MEMORY, to + e + 3 * toStep, ORDER);
    }
  }

  /** G^T: four points to three taps. */
  @Override
  void tapsBack(long from, long step, long to, long toStep, long bytes) {
    for (long e = 0; e < bytes; e += Lanes.STEP) {
      var x1 = fromMemorySegment(WIDTH, MEMORY, from + e + step, ORDER);
      var x2 = fromMemorySegment(WIDTH, MEMORY, from + e + 2 * step, ORDER);
      var even = x1.add(x2).mul(HALF);
      fromMemorySegment(WIDTH, MEMORY, from + e, ORDER)
          .add(even)
          .intoMemorySegment(MEMORY, to + e, ORDER);
      x1.sub(x2).mul(HALF).intoMemorySegment(MEMORY, to + e + toStep, ORDER);
      fromMemorySegment(WIDTH, MEMORY, from + e + 3 * step, ORDER)
          .add(even)
          .intoMemorySegment(MEMORY, to + e + 2 * toStep, ORDER);
    }
  }
}
