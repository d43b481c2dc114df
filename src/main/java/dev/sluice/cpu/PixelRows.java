package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;

/** A loop over the pixels of frames [..., K], a row of K channels each: the shape of every gate. */
final class PixelRows {
  /** Works on whole vectors of a row of float32 and says how many elements are done. */
  @FunctionalInterface
  interface Vectors {
    int run(int row, int length);
  }

  /** Works on the elements of a row from one on, in double. */
  @FunctionalInterface
  interface Plain {
    void run(Reals reals, int row, int from, int length);
  }

  private PixelRows() {}

  /**
   * Runs over all rows.
   *
   * @param like [..., K] gives the number of rows, their length and the type
   * @param vectors touched only where there are vectors
   */
  static void run(Stream stream, Tensor like, Vectors vectors, Plain plain) {
    var reals = Reals.of(like.type());
    int length = like.shape().size(-1);
    boolean wide = VectorApi.PRESENT && reals == Reals.FLOATS && length >= Lanes.COUNT;
    team(stream)
        .run(
            count(like) / length,
            Math.max(1, 2048 / length),
            (first, end) -> {
              for (int row = first; row < end; row++) {
                int done = wide ? vectors.run(row, length) : 0;
                if (done < length) {
                  plain.run(reals, row, done, length);
                }
              }
            });
  }
}
