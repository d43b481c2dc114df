package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/**
 * Dropout. The mask is not stored: element e is kept where word {@code e % 4} of {@link Philox} at
 * the counter {@code (e / 4, call)} is at least p 2^32, so that the way back, and every other
 * engine, finds the same mask.
 */
final class DropoutKernels {
  private DropoutKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("dropout", (stream, scalars, t) -> run(stream, scalars, t[0], t[1], false));
    all.put("dropout_backward", (stream, scalars, t) -> run(stream, scalars, t[0], t[1], true));
  }

  /**
   * dropout(p, seed's low word, its high word, call): x, y: y = x / (1 - p) where kept, else 0. The
   * words are integers of 32 bits without sign. dropout_backward(the same): dy, dx: dx += dy / (1 -
   * p) where kept.
   */
  private static void run(Stream stream, double[] s, Tensor from, Tensor to, boolean add) {
    var reals = Reals.of(from.type());
    var x = from.memory();
    var y = to.memory();
    double limit = s[0] * 0x1p32;
    double scale = s[0] < 1 ? 1 / (1 - s[0]) : 0;
    int n = count(from);
    team(stream)
        .run(
            (n + 3) / 4,
            512,
            (first, end) -> {
              var words = new int[4];
              for (int block = first; block < end; block++) {
                Philox.block((int) (long) s[1], (int) (long) s[2], block, (long) s[3], words);
                for (int i = 4 * block; i < Math.min(n, 4 * block + 4); i++) {
                  boolean keep = Integer.toUnsignedLong(words[i & 3]) >= limit;
                  double value = keep ? scale * reals.get(x, i) : 0;
                  reals.set(y, i, add ? reals.get(y, i) + value : value);
                }
              }
            });
  }
}
