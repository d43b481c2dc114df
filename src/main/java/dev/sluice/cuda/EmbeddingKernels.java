package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.flag;
import static dev.sluice.cuda.Family.length;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Rows by their numbers: embedding.cu, sequence.cu. */
final class EmbeddingKernels {
  private EmbeddingKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("embedding", EmbeddingKernels::embedding);
    all.put("gather_rows", EmbeddingKernels::gatherRows);
    all.put("embedding_backward", EmbeddingKernels::embeddingBackward);
  }

  /** tokens, table, y. */
  private static void embedding(Stream stream, double[] scalars, Tensor... t) {
    Family.of(stream, "embedding", t[1])
        .elements("embedding", count(t[2]), t[0], t[1], t[2], count(t[0]), length(t[1]));
  }

  /** adding: x, rows, y. */
  private static void gatherRows(Stream stream, double[] scalars, Tensor... t) {
    int adding = flag(scalars[0] != 0);
    Family.of(stream, "sequence", t[0])
        .elements("gather_rows", count(t[2]), t[0], t[1], t[2], count(t[1]), length(t[0]), adding);
  }

  /** tokens, dy, dtable. */
  private static void embeddingBackward(Stream stream, double[] scalars, Tensor... t) {
    long rows = t[2].shape().dim(0);
    Family.of(stream, "embedding", t[1])
        .rows("embedding_backward", rows, t[0], t[1], t[2], count(t[0]), rows, length(t[2]));
  }
}
