package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.all;
import static jdk.incubator.vector.FloatVector.fromArray;

import jdk.incubator.vector.FloatVector;

/** F(4, 3) on the points 0, 1, -1, 1/2, -2 and infinity. */
final class WinogradThree extends WinogradTransform {
  // Constants, not broadcasts in the loops: see Lanes.
  private static final FloatVector EIGHTH = all(0.125f);
  private static final FloatVector QUARTER = all(0.25f);
  private static final FloatVector HALF = all(0.5f);
  private static final FloatVector MINUS_HALF = all(-0.5f);
  private static final FloatVector THREE_HALVES = all(1.5f);
  private static final FloatVector MINUS_THREE_HALVES = all(-1.5f);
  private static final FloatVector TWO = all(2f);
  private static final FloatVector MINUS_TWO = all(-2f);
  private static final FloatVector THIRD = all(1 / 3f);
  private static final FloatVector MINUS_THIRD = all(-1 / 3f);
  private static final FloatVector FIFTEENTH = all(1 / 15f);
  private static final FloatVector MINUS_FIFTEENTH = all(-1 / 15f);
  private static final FloatVector FOUR = all(4f);
  private static final FloatVector EIGHT = all(8f);
  private static final FloatVector MINUS_EIGHT = all(-8f);

  WinogradThree() {
    super(3);
  }

  /** B^T: six pixels to six points. */
  @Override
  void input(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var p = x4.sub(x2);
      var q = x3.sub(x1);
      var even = x3.fma(THREE_HALVES, p);
      var odd = x2.fma(THREE_HALVES, q);
      x2.fma(MINUS_TWO, q.fma(THREE_HALVES, fromArray(WIDTH, from, at + e).add(x4)))
          .intoArray(to, toAt + e);
      even.add(odd).intoArray(to, toAt + e + toStep);
      even.sub(odd).intoArray(to, toAt + e + 2 * toStep);
      q.fma(TWO, p).intoArray(to, toAt + e + 3 * toStep);
      q.fma(MINUS_HALF, p).intoArray(to, toAt + e + 4 * toStep);
      x3.fma(MINUS_TWO, p.fma(THREE_HALVES, x1.add(fromArray(WIDTH, from, at + e + 5 * step))))
          .intoArray(to, toAt + e + 5 * toStep);
    }
  }

  /** B: the adjoint, six points to six pixels. */
  @Override
  void inputBack(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x0 = fromArray(WIDTH, from, at + e);
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var x5 = fromArray(WIDTH, from, at + e + 5 * step);
      var s = x1.add(x2);
      var d = x1.sub(x2);
      x0.intoArray(to, toAt + e);
      x3.fma(MINUS_TWO, x0.fma(MINUS_THREE_HALVES, x4.fma(HALF, x5.sub(d))))
          .intoArray(to, toAt + e + toStep);
      x5.fma(MINUS_THREE_HALVES, x0.fma(MINUS_TWO, d.fma(THREE_HALVES, s.add(x3).add(x4).neg())))
          .intoArray(to, toAt + e + 2 * toStep);
      x5.sub(x3)
          .fma(MINUS_TWO, x4.fma(MINUS_HALF, s.add(x0).fma(THREE_HALVES, d)))
          .intoArray(to, toAt + e + 3 * toStep);
      x5.fma(THREE_HALVES, s.add(x0).add(x3.add(x4))).intoArray(to, toAt + e + 4 * toStep);
      x5.intoArray(to, toAt + e + 5 * toStep);
    }
  }

  /** A^T: six points to four pixels. */
  @Override
  void output(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var s = x1.add(x2);
      var d = x1.sub(x2);
      fromArray(WIDTH, from, at + e).add(s).add(x3.add(x4)).intoArray(to, toAt + e);
      x4.fma(MINUS_TWO, x3.fma(HALF, d)).intoArray(to, toAt + e + toStep);
      x4.fma(FOUR, x3.fma(QUARTER, s)).intoArray(to, toAt + e + 2 * toStep);
      x4.fma(MINUS_EIGHT, x3.fma(EIGHTH, d.add(fromArray(WIDTH, from, at + e + 5 * step))))
          .intoArray(to, toAt + e + 3 * toStep);
    }
  }

  /** A: the adjoint, four pixels to six points. */
  @Override
  void outputBack(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x0 = fromArray(WIDTH, from, at + e);
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var even = x0.add(x2);
      var odd = x1.add(x3);
      x0.intoArray(to, toAt + e);
      even.add(odd).intoArray(to, toAt + e + toStep);
      even.sub(odd).intoArray(to, toAt + e + 2 * toStep);
      x3.fma(EIGHTH, x2.fma(QUARTER, x1.fma(HALF, x0))).intoArray(to, toAt + e + 3 * toStep);
      x3.fma(MINUS_EIGHT, x2.fma(FOUR, x1.fma(MINUS_TWO, x0))).intoArray(to, toAt + e + 4 * toStep);
      x3.intoArray(to, toAt + e + 5 * toStep);
    }
  }

  /** G: three taps to six points. */
  @Override
  void taps(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var a = fromArray(WIDTH, from, at + e);
      var b = fromArray(WIDTH, from, at + e + step);
      var c = fromArray(WIDTH, from, at + e + 2 * step);
      var even = a.add(c);
      a.intoArray(to, toAt + e);
      even.add(b).mul(THIRD).intoArray(to, toAt + e + toStep);
      even.sub(b).mul(MINUS_THIRD).intoArray(to, toAt + e + 2 * toStep);
      a.fma(FOUR, b.fma(TWO, c))
          .mul(FOUR)
          .mul(MINUS_FIFTEENTH)
          .intoArray(to, toAt + e + 3 * toStep);
      c.fma(FOUR, b.fma(MINUS_TWO, a)).mul(FIFTEENTH).intoArray(to, toAt + e + 4 * toStep);
      c.intoArray(to, toAt + e + 5 * toStep);
    }
  }

  /** G^T: six points to three taps. */
  @Override
  void tapsBack(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var c = fromArray(WIDTH, from, at + e + 3 * step).mul(FOUR).mul(MINUS_FIFTEENTH);
      var d = fromArray(WIDTH, from, at + e + 4 * step).mul(FIFTEENTH);
      var a = x1.sub(x2).mul(THIRD);
      c.fma(FOUR, a.add(d)).add(fromArray(WIDTH, from, at + e)).intoArray(to, toAt + e);
      c.sub(d).fma(TWO, x1.add(x2).mul(THIRD)).intoArray(to, toAt + e + toStep);
      d.fma(FOUR, a.add(c))
          .add(fromArray(WIDTH, from, at + e + 5 * step))
          .intoArray(to, toAt + e + 2 * toStep);
    }
  }
}
