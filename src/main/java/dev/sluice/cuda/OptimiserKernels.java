package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.flag;
import static dev.sluice.cuda.Family.optional;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Norms (sums.cu) and optimisers' steps (optimisers.cu). */
final class OptimiserKernels {
  private OptimiserKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("sum_squares", OptimiserKernels::sumSquares);
    all.put("max_abs", OptimiserKernels::maxAbs);
    all.put("sgd", OptimiserKernels::sgd);
    all.put("adam", OptimiserKernels::adam);
    all.put("rmsprop", OptimiserKernels::rmsProp);
  }

  private static Family family(Stream stream, Tensor like) {
    return Family.of(stream, "optimisers", like);
  }

  /** x, sum [1], added to. */
  private static void sumSquares(Stream stream, double[] scalars, Tensor... t) {
    var cuda = (CudaStream) stream;
    var grid = Sums.blocks(count(t[0]));
    long partials = Sums.partials(cuda, grid);
    Family.of(stream, "sums", t[0]).launch("sum_squares", grid, t[0], count(t[0]), partials);
    Sums.finish(cuda, partials, grid, t[1], 1, true);
  }

  /** x, largest [1], which stays where it is larger. */
  private static void maxAbs(Stream stream, double[] scalars, Tensor... t) {
    var cuda = (CudaStream) stream;
    var grid = Sums.blocks(count(t[0]));
    long partials = Sums.partials(cuda, grid);
    Family.of(stream, "sums", t[0]).launch("max_abs", grid, t[0], count(t[0]), partials);
    Family.of(stream, "sums", t[1])
        .launch("finish_max", Grid.blocks(1), partials, (long) grid.x(), t[1]);
  }

  /** rate, L2, momentum, dampening, Nesterov, first: w, g, momentum buffer or null. */
  private static void sgd(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "sgd",
            count(t[0]),
            t[0],
            t[1],
            optional(t, 2),
            count(t[0]),
            s[0],
            s[1],
            s[2],
            1 - s[3],
            flag(s[4] != 0),
            flag(s[5] != 0));
  }

  /** rate / (1 - b1^t), b1, b2, sqrt(1 - b2^t), epsilon, L2: w, g, m, v, the largest v or null. */
  private static void adam(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "adam",
            count(t[0]),
            t[0],
            t[1],
            t[2],
            t[3],
            optional(t, 4),
            count(t[0]),
            s[0],
            s[1],
            1 - s[1],
            s[2],
            1 - s[2],
            s[3],
            s[4],
            s[5]);
  }

  /** rate, decay, epsilon, whether that is inside of the root, L2, momentum: w, g, v, mean, b. */
  private static void rmsProp(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "rmsprop",
            count(t[0]),
            t[0],
            t[1],
            t[2],
            optional(t, 3),
            optional(t, 4),
            count(t[0]),
            s[0],
            s[1],
            1 - s[1],
            s[2],
            flag(s[3] != 0),
            s[4],
            s[5]);
  }
}
