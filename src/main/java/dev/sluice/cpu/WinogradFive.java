package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.all;
import static jdk.incubator.vector.FloatVector.fromArray;

import jdk.incubator.vector.FloatVector;

/** F(4, 5) on the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. */
final class WinogradFive extends WinogradTransform {
  // Constants, not broadcasts in the loops: see Lanes.
  private static final FloatVector EIGHTH = all(0.125f);
  private static final FloatVector QUARTER = all(0.25f);
  private static final FloatVector HALF = all(0.5f);
  private static final FloatVector TWO = all(2f);
  private static final FloatVector FOUR = all(4f);
  private static final FloatVector EIGHT = all(8f);
  private static final FloatVector SIXTEEN = all(16f);
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
    super(5);
  }

  /** B^T: eight pixels to eight points. */
  @Override
  void input(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var x5 = fromArray(WIDTH, from, at + e + 5 * step);
      var x6 = fromArray(WIDTH, from, at + e + 6 * step);
      x4.sub(x2)
          .fma(PLUS_21_QUARTERS, fromArray(WIDTH, from, at + e).sub(x6))
          .intoArray(to, toAt + e);
      var even = x4.fma(MINUS_17_QUARTERS, x2.add(x6));
      var odd = x3.fma(MINUS_17_QUARTERS, x1.add(x5));
      even.add(odd).intoArray(to, toAt + e + toStep);
      even.sub(odd).intoArray(to, toAt + e + 2 * toStep);
      even = x4.fma(MINUS_FIVE_QUARTERS, x2.fma(QUARTER, x6));
      odd = x3.fma(MINUS_FIVE_HALVES, x1.fma(HALF, x5.add(x5)));
      even.add(odd).intoArray(to, toAt + e + 3 * toStep);
      even.sub(odd).intoArray(to, toAt + e + 4 * toStep);
      even = x4.fma(MINUS_FIVE, x2.fma(FOUR, x6));
      odd = x3.fma(MINUS_FIVE_HALVES, x5.fma(HALF, x1.add(x1)));
      even.add(odd).intoArray(to, toAt + e + 5 * toStep);
      even.sub(odd).intoArray(to, toAt + e + 6 * toStep);
      x3.sub(x5)
          .fma(PLUS_21_QUARTERS, fromArray(WIDTH, from, at + e + 7 * step).sub(x1))
          .intoArray(to, toAt + e + 7 * toStep);
    }
  }

  /** B: the adjoint, eight points to eight pixels. */
  @Override
  void inputBack(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x0 = fromArray(WIDTH, from, at + e);
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var x5 = fromArray(WIDTH, from, at + e + 5 * step);
      var x6 = fromArray(WIDTH, from, at + e + 6 * step);
      var x7 = fromArray(WIDTH, from, at + e + 7 * step);
      var one = x1.add(x2);
      var two = x3.add(x4);
      var half = x5.add(x6);
      x0.intoArray(to, toAt + e);
      x0.fma(MINUS_21_QUARTERS, half.fma(FOUR, two.fma(QUARTER, one)))
          .intoArray(to, toAt + e + 2 * toStep);
      x0.fma(
              PLUS_21_QUARTERS,
              half.fma(MINUS_FIVE, two.fma(MINUS_FIVE_QUARTERS, one.mul(MINUS_17_QUARTERS))))
          .intoArray(to, toAt + e + 4 * toStep);
      one.add(two).add(half.sub(x0)).intoArray(to, toAt + e + 6 * toStep);
      one = x1.sub(x2);
      two = x3.sub(x4);
      half = x5.sub(x6);
      half.fma(TWO, two.fma(HALF, one.sub(x7))).intoArray(to, toAt + e + toStep);
      x7.fma(PLUS_21_QUARTERS, two.add(half).fma(MINUS_FIVE_HALVES, one.mul(MINUS_17_QUARTERS)))
          .intoArray(to, toAt + e + 3 * toStep);
      x7.fma(MINUS_21_QUARTERS, half.fma(HALF, two.fma(TWO, one)))
          .intoArray(to, toAt + e + 5 * toStep);
      x7.intoArray(to, toAt + e + 7 * toStep);
    }
  }

  /** A^T: eight points to four pixels. */
  @Override
  void output(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var x5 = fromArray(WIDTH, from, at + e + 5 * step);
      var x6 = fromArray(WIDTH, from, at + e + 6 * step);
      var one = x1.add(x2);
      var two = x3.add(x4);
      var half = x5.add(x6);
      fromArray(WIDTH, from, at + e).add(one).add(two.add(half)).intoArray(to, toAt + e);
      two.fma(FOUR, half.fma(QUARTER, one)).intoArray(to, toAt + e + 2 * toStep);
      one = x1.sub(x2);
      two = x3.sub(x4);
      half = x5.sub(x6);
      two.fma(TWO, half.fma(HALF, one)).intoArray(to, toAt + e + toStep);
      two.fma(EIGHT, half.fma(EIGHTH, one.add(fromArray(WIDTH, from, at + e + 7 * step))))
          .intoArray(to, toAt + e + 3 * toStep);
    }
  }

  /** A: the adjoint, four pixels to eight points. */
  @Override
  void outputBack(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x0 = fromArray(WIDTH, from, at + e);
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      x0.intoArray(to, toAt + e);
      var even = x0.add(x2);
      var odd = x1.add(x3);
      even.add(odd).intoArray(to, toAt + e + toStep);
      even.sub(odd).intoArray(to, toAt + e + 2 * toStep);
      even = x2.fma(FOUR, x0);
      odd = x3.fma(EIGHT, x1.add(x1));
      even.add(odd).intoArray(to, toAt + e + 3 * toStep);
      even.sub(odd).intoArray(to, toAt + e + 4 * toStep);
      even = x2.fma(QUARTER, x0);
      odd = x3.fma(EIGHTH, x1.mul(HALF));
      even.add(odd).intoArray(to, toAt + e + 5 * toStep);
      even.sub(odd).intoArray(to, toAt + e + 6 * toStep);
      x3.intoArray(to, toAt + e + 7 * toStep);
    }
  }

  /** G: five taps to eight points. */
  @Override
  void taps(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var a = fromArray(WIDTH, from, at + e);
      var b = fromArray(WIDTH, from, at + e + step);
      var c = fromArray(WIDTH, from, at + e + 2 * step);
      var d = fromArray(WIDTH, from, at + e + 3 * step);
      var f = fromArray(WIDTH, from, at + e + 4 * step);
      a.intoArray(to, toAt + e);
      var even = a.add(c).add(f).mul(MINUS_2_NINTHS);
      var odd = b.add(d).mul(MINUS_2_NINTHS);
      even.add(odd).intoArray(to, toAt + e + toStep);
      even.sub(odd).intoArray(to, toAt + e + 2 * toStep);
      even = f.fma(SIXTEEN, c.fma(FOUR, a)).mul(NINETIETH);
      odd = d.fma(EIGHT, b.add(b)).mul(NINETIETH);
      even.add(odd).intoArray(to, toAt + e + 3 * toStep);
      even.sub(odd).intoArray(to, toAt + e + 4 * toStep);
      even = a.fma(SIXTEEN, c.fma(FOUR, f)).mul(TWO_45THS);
      odd = b.fma(EIGHT, d.add(d)).mul(TWO_45THS);
      even.add(odd).intoArray(to, toAt + e + 5 * toStep);
      even.sub(odd).intoArray(to, toAt + e + 6 * toStep);
      f.intoArray(to, toAt + e + 7 * toStep);
    }
  }

  /** G^T: eight points to five taps. */
  @Override
  void tapsBack(float[] from, int at, int step, float[] to, int toAt, int toStep, int count) {
    for (int e = 0; e < count; e += Lanes.COUNT) {
      var x1 = fromArray(WIDTH, from, at + e + step);
      var x2 = fromArray(WIDTH, from, at + e + 2 * step);
      var x3 = fromArray(WIDTH, from, at + e + 3 * step);
      var x4 = fromArray(WIDTH, from, at + e + 4 * step);
      var x5 = fromArray(WIDTH, from, at + e + 5 * step);
      var x6 = fromArray(WIDTH, from, at + e + 6 * step);
      var one = x1.add(x2).mul(MINUS_2_NINTHS);
      var two = x3.add(x4).mul(NINETIETH);
      var half = x5.add(x6).mul(TWO_45THS);
      half.fma(SIXTEEN, one.add(two)).add(fromArray(WIDTH, from, at + e)).intoArray(to, toAt + e);
      two.add(half).fma(FOUR, one).intoArray(to, toAt + e + 2 * toStep);
      two.fma(SIXTEEN, one.add(half))
          .add(fromArray(WIDTH, from, at + e + 7 * step))
          .intoArray(to, toAt + e + 4 * toStep);
      one = x1.sub(x2).mul(MINUS_2_NINTHS);
      two = x3.sub(x4).mul(NINETIETH);
      half = x5.sub(x6).mul(TWO_45THS);
      half.fma(EIGHT, two.fma(TWO, one)).intoArray(to, toAt + e + toStep);
      two.fma(EIGHT, half.fma(TWO, one)).intoArray(to, toAt + e + 3 * toStep);
    }
  }
}
