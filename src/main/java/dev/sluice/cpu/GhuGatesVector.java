package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.sigmoid;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

/** {@link GhuGates} over vectors: whole vectors of one row, the rest is the caller's. */
final class GhuGatesVector {
  private static final long STEP = 4L * Lanes.COUNT;

  private GhuGatesVector() {}

  static int forward(int row, int length, GhuGates.Step s) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long gate = 4L * length;
    long at = row * gate;
    for (long e = 0; e < 4L * whole; e += STEP) {
      long a = 2 * at + e;
      var p =
          tanh(
              fromMemorySegment(WIDTH, s.a(), a, ORDER)
                  .add(fromMemorySegment(WIDTH, s.b(), a, ORDER)));
      var u =
          sigmoid(
              fromMemorySegment(WIDTH, s.a(), a + gate, ORDER)
                  .add(fromMemorySegment(WIDTH, s.b(), a + gate, ORDER)));
      p.intoMemorySegment(s.a(), a, ORDER);
      u.intoMemorySegment(s.a(), a + gate, ORDER);
      var before = fromMemorySegment(WIDTH, s.before(), at + e, ORDER);
      u.fma(p.sub(before), before).intoMemorySegment(s.z(), at + e, ORDER);
    }
    return whole;
  }

  static int backward(int row, int length, GhuGates.Step s) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long gate = 4L * length;
    long at = row * gate;
    for (long e = 0; s.owed() != null && e < 4L * whole; e += STEP) {
      var through =
          fromMemorySegment(WIDTH, s.z(), at + e, ORDER)
              .mul(ONE.sub(fromMemorySegment(WIDTH, s.a(), 2 * at + gate + e, ORDER)));
      fromMemorySegment(WIDTH, s.owed(), at + e, ORDER)
          .add(through)
          .intoMemorySegment(s.owed(), at + e, ORDER);
    }
    for (long e = 0; e < 4L * whole; e += STEP) {
      long a = 2 * at + e;
      var p = fromMemorySegment(WIDTH, s.a(), a, ORDER);
      var u = fromMemorySegment(WIDTH, s.a(), a + gate, ORDER);
      var dz = fromMemorySegment(WIDTH, s.z(), at + e, ORDER);
      var dp = dz.mul(u).mul(ONE.sub(p.mul(p)));
      var du =
          dz.mul(p.sub(fromMemorySegment(WIDTH, s.before(), at + e, ORDER))).mul(u).mul(ONE.sub(u));
      dp.intoMemorySegment(s.a(), a, ORDER);
      dp.intoMemorySegment(s.b(), a, ORDER);
      du.intoMemorySegment(s.a(), a + gate, ORDER);
      du.intoMemorySegment(s.b(), a + gate, ORDER);
    }
    return whole;
  }
}
