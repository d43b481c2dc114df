package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.oneMinus;
import static dev.sluice.cpu.Lanes.store;
import static dev.sluice.cpu.Lanes.tanh;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** One row of {@link ElmanStrand} over vectors; the rest of the row is the caller's. */
final class ElmanVector {
  private static final long STEP = 4L * Lanes.COUNT;

  private ElmanVector() {}

  static int forward(
      int row,
      int length,
      boolean relu,
      MemorySegment sum,
      MemorySegment bias,
      MemorySegment h,
      MemorySegment y,
      long yAt) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long at = 4L * row * length;
    for (long e = 0; e < 4L * whole; e += STEP) {
      var a = load(sum, at + e);
      if (bias != null) {
        a = a.add(load(bias, e));
      }
      var value = relu ? a.blend(0f, a.compare(VectorOperators.LT, 0f)) : tanh(a);
      store(value, h, at + e);
      store(value, y, 4 * yAt + e);
    }
    return whole;
  }

  static int backward(
      int row,
      int length,
      boolean relu,
      MemorySegment sum,
      MemorySegment h,
      MemorySegment dy,
      long dyAt,
      MemorySegment dh) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long at = 4L * row * length;
    for (long e = 0; e < 4L * whole; e += STEP) {
      var value = load(h, at + e);
      var d = load(dh, at + e);
      if (dy != null) {
        d = d.add(load(dy, 4 * dyAt + e));
      }
      var slope =
          relu
              ? FloatVector.zero(Lanes.WIDTH).blend(1f, value.compare(VectorOperators.GT, 0f))
              : oneMinus(value.mul(value));
      store(d.mul(slope), sum, at + e);
      store(FloatVector.zero(Lanes.WIDTH), dh, at + e);
    }
    return whole;
  }
}
