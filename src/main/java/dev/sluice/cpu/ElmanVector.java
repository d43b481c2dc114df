package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** One row of {@link ElmanStrand} over vectors; the rest of the row is the caller's. */
final class ElmanVector {
  private static final long STEP = 4L * Lanes.COUNT;

  private ElmanVector() {}

  static int forward(
      int length,
      boolean relu,
      MemorySegment sums,
      long sumAt,
      MemorySegment bias,
      MemorySegment h,
      long hAt,
      MemorySegment y,
      long yAt) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    for (long e = 0; e < 4L * whole; e += STEP) {
      var a = fromMemorySegment(WIDTH, sums, 4 * sumAt + e, ORDER);
      if (bias != null) {
        a = a.add(fromMemorySegment(WIDTH, bias, e, ORDER));
      }
      var value = relu ? a.blend(0f, a.compare(VectorOperators.LT, 0f)) : tanh(a);
      value.intoMemorySegment(h, 4 * hAt + e, ORDER);
      value.intoMemorySegment(y, 4 * yAt + e, ORDER);
    }
    return whole;
  }

  static int backward(
      int length,
      boolean relu,
      MemorySegment sums,
      long sumAt,
      MemorySegment h,
      long hAt,
      MemorySegment dy,
      long dyAt,
      MemorySegment dh,
      long dhAt) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    for (long e = 0; e < 4L * whole; e += STEP) {
      var value = fromMemorySegment(WIDTH, h, 4 * hAt + e, ORDER);
      var d = fromMemorySegment(WIDTH, dh, 4 * dhAt + e, ORDER);
      if (dy != null) {
        d = d.add(fromMemorySegment(WIDTH, dy, 4 * dyAt + e, ORDER));
      }
      var slope =
          relu
              ? FloatVector.zero(WIDTH).blend(1f, value.compare(VectorOperators.GT, 0f))
              : ONE.sub(value.mul(value));
      d.mul(slope).intoMemorySegment(sums, 4 * sumAt + e, ORDER);
      FloatVector.zero(WIDTH).intoMemorySegment(dh, 4 * dhAt + e, ORDER);
    }
    return whole;
  }
}
