package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * The pointwise part of the gradient highway unit: {@code [p u] = a + b, z_t = s(u) tanh(p) + (1 -
 * s(u)) z_{t-1}}; a and b [.., 2K] are the sums from the input and from the state, a is overwritten
 * with the activations, in backward both with the gradients of the sums.
 */
final class GhuGates {
  private GhuGates() {}

  static void register(Map<String, Kernel> all) {
    all.put("ghu", GhuGates::forward);
    all.put("ghu_backward", GhuGates::backward);
  }

  /** z is z_t, in backward its gradient; owed is the gradient of z_{t-1}, or null. */
  record Step(
      MemorySegment a,
      MemorySegment b,
      MemorySegment before,
      MemorySegment z,
      MemorySegment owed) {}

  /** ghu(): a, b, z_{t-1} [.., K], z_t. */
  private static void forward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[2], t);
    var s = new Step(rows.of(t[0]), rows.of(t[1]), rows.of(t[2]), rows.of(t[3]), null);
    rows.run(
        (row, length) -> GhuGatesVector.forward(row, length, s),
        (reals, row, from, length) -> forwardRow(reals, row, from, length, s));
  }

  private static void forwardRow(Reals reals, int row, int from, int length, Step s) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long a = 2L * row * length + j;
      double p = Math.tanh(reals.get(s.a, a) + reals.get(s.b, a));
      double u = Reals.sigmoid(reals.get(s.a, a + length) + reals.get(s.b, a + length));
      reals.set(s.a, a, p);
      reals.set(s.a, a + length, u);
      reals.set(s.z, at, u * p + (1 - u) * reals.get(s.before, at));
    }
  }

  /** ghu_backward(): a, b, z_{t-1}, dz_t, dz_{t-1} (added to) or null. */
  private static void backward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[2], t);
    var s = new Step(rows.of(t[0]), rows.of(t[1]), rows.of(t[2]), rows.of(t[3]), rows.of(t[4]));
    rows.run(
        (row, length) -> GhuGatesVector.backward(row, length, s),
        (reals, row, from, length) -> backwardRow(reals, row, from, length, s));
  }

  private static void backwardRow(Reals reals, int row, int from, int length, Step s) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long a = 2L * row * length + j;
      double p = reals.get(s.a, a);
      double u = reals.get(s.a, a + length);
      double dz = reals.get(s.z, at);
      double dp = dz * u * (1 - p * p);
      double du = dz * (p - reals.get(s.before, at)) * u * (1 - u);
      reals.set(s.a, a, dp);
      reals.set(s.b, a, dp);
      reals.set(s.a, a + length, du);
      reals.set(s.b, a + length, du);
      if (s.owed != null) {
        reals.add(s.owed, at, dz * (1 - u));
      }
    }
  }
}
