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
    all.put("gather_rows", EmbeddingKernels::gatherRows);
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

  /**
   * gather_rows(adding): x [m, C], rows [n] int32, y [n, C]: y = x[row], zero for a negative one;
   * or added to y.
   */
  private static void gatherRows(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var x = t[0].memory();
    var y = t[2].memory();
    boolean adding = scalars[0] != 0;
    int columns = t[0].shape().size(-1);
    long bytes = t[0].shape().inner().bytes(t[0].type());
    for (int i = 0; i < count(t[1]); i++) {
      long row = token(t[1].memory(), i);
      if (adding) {
        for (int j = 0; row >= 0 && j < columns; j++) {
          reals.add(y, (long) i * columns + j, reals.get(x, row * columns + j));
        }
      } else if (row < 0) {
        y.asSlice(i * bytes, bytes).fill((byte) 0);
      } else {
        MemorySegment.copy(x, row * bytes, y, i * bytes, bytes);
      }
    }
  }

  private static long token(MemorySegment tokens, int i) {
    return tokens.getAtIndex(ValueLayout.JAVA_INT, i);
  }
}
