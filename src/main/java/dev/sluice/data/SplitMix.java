package dev.sluice.data;

/**
 * SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), written out so that the same seed gives the same
 * data on every JDK.
 */
final class SplitMix {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  /** A generator whose numbers depend on all keys and on their order. */
  SplitMix(long... keys) {
    for (long key : keys) {
      state = mix(state + GAMMA + mix(key + GAMMA));
    }
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private long next() {
    return mix(state += GAMMA);
  }

  /** {@return uniform in [0, 1)} */
  double unit() {
    return (next() >>> 11) * 0x1.0p-53;
  }

  /** {@return uniform in 0 to bound - 1} */
  int below(int bound) {
    return (int) Math.unsignedMultiplyHigh(next(), bound);
  }
}
