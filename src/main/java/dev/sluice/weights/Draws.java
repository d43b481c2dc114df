package dev.sluice.weights;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers for one tensor, fixed by a seed and the tensor's name for all machines and times.
 *
 * <p>SplitMix64 (Steele, Lea, Flood 2014): the i-th draw (i from 1) is mix(key + i *
 * 0x9e3779b97f4a7c15) with key = mix(mix(seed) ^ FNV-1a-64(name in UTF-8)). Not java.util.random,
 * whose algorithms for doubles and Gaussians may change with the JDK.
 */
final class Draws {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long state;
  private double spare = Double.NaN;

  Draws(long seed, String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    state = mix(mix(seed) ^ hash);
  }

  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  long bits() {
    return mix(state += GOLDEN);
  }

  /** Uniform over the multiples of 2^-53 in [0, 1). */
  double uniform() {
    return (bits() >>> 11) * 0x1p-53;
  }

  /** Of mean 0 and variance 1, by Box and Muller; StrictMath, to be the same everywhere. */
  double gaussian() {
    double next = spare;
    if (next == next) {
      spare = Double.NaN;
      return next;
    }
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniform()));
    double angle = 2 * Math.PI * uniform();
    spare = radius * StrictMath.sin(angle);
    return radius * StrictMath.cos(angle);
  }
}
