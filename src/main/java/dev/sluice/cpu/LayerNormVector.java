package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link LayerNormKernels} over vectors. Sums run in float over stretches so short that nothing is
 * lost, and from stretch to stretch in double.
 */
final class LayerNormVector {
  private static final long STEP = 4L * Lanes.COUNT;
  private static final int STRETCH = 64 * Lanes.COUNT;

  private LayerNormVector() {}

  /** The sum of x - centre, or of its squares, over whole vectors. */
  static double moment(MemorySegment x, long at, int whole, float centre, boolean square) {
    double sum = 0;
    for (int j = 0; j < whole; j += STRETCH) {
      long end = 4 * (at + Math.min(whole, j + STRETCH));
      sum += square ? squares(x, 4 * (at + j), end, centre) : sum(x, 4 * (at + j), end, centre);
    }
    return sum;
  }

  private static float sum(MemorySegment x, long from, long end, float centre) {
    var sum = FloatVector.zero(WIDTH);
    for (long e = from; e < end; e += STEP) {
      sum = sum.add(fromMemorySegment(WIDTH, x, e, ORDER).sub(centre));
    }
    return Lanes.sum(sum);
  }

  private static float squares(MemorySegment x, long from, long end, float centre) {
    var sum = FloatVector.zero(WIDTH);
    for (long e = from; e < end; e += STEP) {
      var d = fromMemorySegment(WIDTH, x, e, ORDER).sub(centre);
      sum = d.fma(d, sum);
    }
    return Lanes.sum(sum);
  }

  static int normalise(
      long at,
      int length,
      double mean,
      double scale,
      MemorySegment x,
      MemorySegment gamma,
      MemorySegment beta,
      MemorySegment xh,
      MemorySegment y) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    float m = (float) mean;
    float s = (float) scale;
    for (long e = 0; e < 4L * whole; e += STEP) {
      var value = fromMemorySegment(WIDTH, x, 4 * at + e, ORDER).sub(m).mul(s);
      value.intoMemorySegment(xh, 4 * at + e, ORDER);
      value
          .fma(fromMemorySegment(WIDTH, gamma, e, ORDER), fromMemorySegment(WIDTH, beta, e, ORDER))
          .intoMemorySegment(y, 4 * at + e, ORDER);
    }
    return whole;
  }

  /** The sums of q and of q xh over whole vectors. */
  static double[] means(
      long at, int whole, MemorySegment xh, MemorySegment gamma, MemorySegment dy) {
    var sums = new double[2];
    for (int j = 0; j < whole; j += STRETCH) {
      addStretch(4 * at, 4L * j, 4L * Math.min(whole, j + STRETCH), xh, gamma, dy, sums);
    }
    return sums;
  }

  private static void addStretch(
      long at,
      long from,
      long end,
      MemorySegment xh,
      MemorySegment gamma,
      MemorySegment dy,
      double[] sums) {
    var first = FloatVector.zero(WIDTH);
    var second = FloatVector.zero(WIDTH);
    for (long e = from; e < end; e += STEP) {
      var q =
          fromMemorySegment(WIDTH, gamma, e, ORDER)
              .mul(fromMemorySegment(WIDTH, dy, at + e, ORDER));
      first = first.add(q);
      second = q.fma(fromMemorySegment(WIDTH, xh, at + e, ORDER), second);
    }
    sums[0] += Lanes.sum(first);
    sums[1] += Lanes.sum(second);
  }

  static void data(
      long at,
      int whole,
      double[] means,
      float scale,
      boolean add,
      MemorySegment xh,
      MemorySegment gamma,
      MemorySegment dy,
      MemorySegment dx) {
    float first = (float) means[0];
    float second = (float) means[1];
    for (long e = 0; e < 4L * whole; e += STEP) {
      long a = 4 * at + e;
      var q =
          fromMemorySegment(WIDTH, gamma, e, ORDER)
              .mul(fromMemorySegment(WIDTH, dy, a, ORDER))
              .sub(first);
      var d = q.sub(fromMemorySegment(WIDTH, xh, a, ORDER).mul(second)).mul(scale);
      (add ? fromMemorySegment(WIDTH, dx, a, ORDER).add(d) : d).intoMemorySegment(dx, a, ORDER);
    }
  }
}
