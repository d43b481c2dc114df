package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/** Rows of a table by their numbers. */
final class EmbeddingKernels {
  private EmbeddingKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("embedding", EmbeddingKernels::embedding);
    all.put("embedding_backward", EmbeddingKernels::embeddingBackward);
  }

  /** embedding(): tokens [n] int32, table [V, C], y [n, C]: y = table[token]. */
  private static void embedding(Stream stream, double[] scalars, Tensor... t) {
    var tokens = t[0].memory();
    var table = t[1].memory();
    var y = t[2].memory();
    long row = t[1].shape().inner().bytes(t[1].type());
    for (int i = 0; i < count(t[0]); i++) {
      MemorySegment.copy(table, token(tokens, i) * row, y, i * row, row);
    }
  }

  /**
   * embedding_backward(): tokens [n], dy [n, C], dtable [V, C]: dtable[token] += dy, in the order
   * of the tokens. Threads share the columns, so that the sums are the same for any number of them.
   */
  private static void embeddingBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[1].type());
    var tokens = t[0].memory();
    var dy = t[1].memory();
    var dtable = t[2].memory();
    int n = count(t[0]);
    int columns = t[2].shape().size(-1);
    team(stream)
        .run(
            columns,
            Math.max(1, 4096 / Math.max(1, n)),
            (from, to) -> {
              for (int i = 0; i < n; i++) {
                long at = token(tokens, i) * columns;
                for (int j = from; j < to; j++) {
                  reals.add(dtable, at + j, reals.get(dy, (long) i * columns + j));
                }
              }
            });
  }

  private static long token(MemorySegment tokens, int i) {
    return tokens.getAtIndex(ValueLayout.JAVA_INT, i);
  }
}
