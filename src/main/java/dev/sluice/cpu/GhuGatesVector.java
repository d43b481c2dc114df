package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.load;
import static dev.sluice.cpu.Lanes.oneMinus;
import static dev.sluice.cpu.Lanes.sigmoid;
import static dev.sluice.cpu.Lanes.store;
import static dev.sluice.cpu.Lanes.tanh;

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
      var p = tanh(load(s.a(), a).add(load(s.b(), a)));
      var u = sigmoid(load(s.a(), a + gate).add(load(s.b(), a + gate)));
      store(p, s.a(), a);
      store(u, s.a(), a + gate);
      var before = load(s.before(), at + e);
      store(u.fma(p.sub(before), before), s.z(), at + e);
    }
    return whole;
  }

  static int backward(int row, int length, GhuGates.Step s) {
    int whole = length / Lanes.COUNT * Lanes.COUNT;
    long gate = 4L * length;
    long at = row * gate;
    for (long e = 0; s.owed() != null && e < 4L * whole; e += STEP) {
      var through = load(s.z(), at + e).mul(oneMinus(load(s.a(), 2 * at + gate + e)));
      store(load(s.owed(), at + e).add(through), s.owed(), at + e);
    }
    for (long e = 0; e < 4L * whole; e += STEP) {
      long a = 2 * at + e;
      var p = load(s.a(), a);
      var u = load(s.a(), a + gate);
      var dz = load(s.z(), at + e);
      var dp = dz.mul(u).mul(oneMinus(p.mul(p)));
      var du = dz.mul(p.sub(load(s.before(), at + e))).mul(u).mul(oneMinus(u));
      store(dp, s.a(), a);
      store(dp, s.b(), a);
      store(du, s.a(), a + gate);
      store(du, s.b(), a + gate);
    }
    return whole;
  }
}
