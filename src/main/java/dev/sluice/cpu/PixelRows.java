package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A loop over the pixels of frames [..., K], a row of K channels each: the shape of every gate.
 *
 * <p>Where K channels are no whole vectors, some pixels are walked as one row: what has several
 * values a channel, [..., m K], is carried apart, to [rows, m, pixels, K], and back in the end.
 */
final class PixelRows {
  /** Elements of a row of several pixels at most: what its loops read stays in the first cache. */
  private static final int LONG = 1024;

  private final Team team;
  private final Reals reals;
  private final int channels;
  private final int together;
  private final int count;

  /** For what is carried apart. */
  private final MemorySegment room;

  private long used;
  private final List<Runnable> back = new ArrayList<>();

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

  /**
   * @param like [..., K] gives the number of rows, their length and the type
   * @param all that is worked on
   */
  PixelRows(Stream stream, Tensor like, Tensor... all) {
    this.team = team(stream);
    this.reals = Reals.of(like.type());
    this.channels = like.shape().size(-1);
    int pixels = Kernels.count(like) / channels;
    this.together = VectorApi.PRESENT && reals == Reals.FLOATS ? together(pixels, channels) : 1;
    this.count = pixels / together;
    long bytes = 0;
    for (var tensor : all) {
      bytes += tensor == null || together == 1 ? 0 : Blocks.aligned(tensor.bytes());
    }
    this.room = bytes == 0 ? null : ((CpuStream) stream).stepScratch(bytes);
  }

  /** How many pixels are a row: such that all rows are alike, if possible whole vectors. */
  private static int together(int pixels, int channels) {
    int most = channels % Lanes.COUNT == 0 ? 1 : Math.max(1, LONG / channels);
    int best = 1;
    for (int n = 2; n <= most; n++) {
      boolean whole = n * channels % Lanes.COUNT == 0 || best * channels % Lanes.COUNT != 0;
      best = pixels % n == 0 && whole ? n : best;
    }
    return best;
  }

  int count() {
    return count;
  }

  /** Elements of a row. */
  int length() {
    return channels * together;
  }

  /** Where a tensor [..., m K] lies while the loop runs; null for null. */
  MemorySegment of(Tensor tensor) {
    if (tensor == null) {
      return null;
    }
    int parts = Math.toIntExact(Kernels.count(tensor) / ((long) count * length()));
    var own = tensor.memory();
    if (parts == 1 || together == 1) {
      return own;
    }
    var apart = room.asSlice(used, tensor.bytes());
    used += Blocks.aligned(tensor.bytes());
    Permutation.ofInner(count, together, parts, channels).run(team, reals, own, apart, false);
    var home = Permutation.ofInner(count, parts, together, channels);
    back.add(() -> home.run(team, reals, apart, own, false));
    return apart;
  }

  /** What was carried apart goes back. */
  void end() {
    back.forEach(Runnable::run);
  }

  /**
   * Runs over all rows, and ends.
   *
   * @param vectors touched only where there are vectors
   */
  void run(Vectors vectors, Plain plain) {
    int length = length();
    boolean wide = VectorApi.PRESENT && reals == Reals.FLOATS && length >= Lanes.COUNT;
    team.run(
        count,
        Math.max(1, 2048 / length),
        (first, end) -> {
          for (int row = first; row < end; row++) {
            int done = wide ? vectors.run(row, length) : 0;
            if (done < length) {
              plain.run(reals, row, done, length);
            }
          }
        });
    end();
  }
}
