package dev.sluice.cpu;

import dev.sluice.DType;
import dev.sluice.spi.RnnSpec;

/**
 * How a batch is cut into shares of rows. The recurrences of two rows never meet, so each thread
 * takes its share through all steps: nobody waits, and neither sums nor states change caches.
 *
 * @param batch N
 * @param shares how many; 0 where all threads work on each product together instead
 */
record Cut(int batch, int shares) {
  /** Rows of a share below which cutting does not pay. */
  private static final int LEAST = 8;

  /** The same where a share's weights leave the core's own cache in every step: measured. */
  private static final int LEAST_OF_LARGE = 64;

  private static final long LARGE = 1 << 21;

  /**
   * Steps whose input products are done one after the other, or as one, so that they find the
   * weights, and the gates the sums, in the cache.
   */
  static final int CHUNK = 20;

  /** Floats between rows of sums where those would lie a multiple of 2 KB apart. */
  private static final int GAP = 16;

  /**
   * A share of the rows.
   *
   * @param first row
   * @param count of rows
   */
  record Share(int first, int count) {}

  /** The cut of a network's run for some threads. */
  static Cut of(RnnSpec spec, RnnSpec.Run run, int threads) {
    // The gradients of peepholes and projections are summed over the batch in every step.
    boolean meet = run.training() && (spec.peephole() || spec.projection() > 0);
    boolean apart = spec.type() == DType.FLOAT32 && !meet && run.batch() >= threads * least(spec);
    return new Cut(run.batch(), apart ? threads : 0);
  }

  private static int least(RnnSpec spec) {
    long sums = 4L * spec.kind().gates() * spec.hidden();
    return sums * (spec.input() + spec.output()) > LARGE ? LEAST_OF_LARGE : LEAST;
  }

  boolean apart() {
    return shares > 0;
  }

  Share share(int index) {
    int first = (int) ((long) batch * index / shares);
    return new Share(first, (int) ((long) batch * (index + 1) / shares) - first);
  }

  Share whole() {
    return new Share(0, batch);
  }

  /**
   * Entries of [T, N, width] sums that are kept: what backward needs, or no more than are in use.
   */
  int sums(RnnSpec.Run run) {
    return chunked(run) ? chunk(run) : run.steps();
  }

  /**
   * Whether the input products of some steps are one, of whose sums a share's lie together;
   * backward wants all sums, [T, N, G H].
   */
  boolean chunked(RnnSpec.Run run) {
    return apart() && !run.training();
  }

  /** Steps of such a product, the least number that takes as many products as CHUNK would. */
  private static int chunk(RnnSpec.Run run) {
    int chunks = (run.steps() + CHUNK - 1) / CHUNK;
    return (run.steps() + chunks - 1) / chunks;
  }

  /**
   * Elements from one row of an LSTM's sums to the next. Rows 4 KB apart share twelve places of the
   * first cache, and a product works on sixteen rows at once.
   */
  int lstmStride(RnnSpec spec, RnnSpec.Run run) {
    int sums = 4 * spec.hidden();
    return chunked(run) && sums % 512 == 0 ? sums + GAP : sums;
  }

  /** Entries of the states that are kept. */
  static int states(RnnSpec.Run run) {
    return run.training() ? run.steps() + 1 : 2;
  }
}
