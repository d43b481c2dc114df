package dev.sluice.cpu;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011): random words as a function of a key and a
 * counter, the same on every machine and in any order.
 */
final class Philox {
  private Philox() {}

  /**
   * Four words.
   *
   * @param key0 the key's low word
   * @param key1 the key's high word
   * @param low the counter's low half
   * @param high the counter's high half
   * @param words overwritten
   */
  static void block(int key0, int key1, long low, long high, int[] words) {
    int c0 = (int) low;
    int c1 = (int) (low >>> 32);
    int c2 = (int) high;
    int c3 = (int) (high >>> 32);
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < 10; round++) {
      long a = 0xD2511F53L * Integer.toUnsignedLong(c0);
      long b = 0xCD9E8D57L * Integer.toUnsignedLong(c2);
      c0 = (int) (b >>> 32) ^ c1 ^ k0;
      c1 = (int) b;
      c2 = (int) (a >>> 32) ^ c3 ^ k1;
      c3 = (int) a;
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
  }
}
