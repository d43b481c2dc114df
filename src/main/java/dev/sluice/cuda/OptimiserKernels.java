package dev.sluice.cuda;

import static dev.sluice.cuda.Family.flag;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Norms (sums.cu) and optimisers' steps (optimisers.cu), one launch for all parameters. */
final class OptimiserKernels {
  private OptimiserKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("sum_squares", new Launch(1, OptimiserKernels::sumSquares));
    all.put("max_abs", new Launch(1, OptimiserKernels::maxAbs));
    all.put("step_factor", OptimiserKernels::stepFactor);
    all.put("scaled_step_factor", OptimiserKernels::scaledStepFactor);
    all.put("sgd", new Launch(3, OptimiserKernels::sgd));
    all.put("adam", new Launch(5, OptimiserKernels::adam));
    all.put("rmsprop", new Launch(5, OptimiserKernels::rmsProp));
  }

  private interface Work {
    void on(Family family, double[] scalars, Tables.Table table, Tensor shared);
  }

  /**
   * A kernel that takes many sets of tensors at once.
   *
   * @param own how many tensors of a set are its own; one behind them is shared by all
   */
  private record Launch(int own, Work work) implements Kernel {
    @Override
    public void run(Stream stream, double[] scalars, Tensor... tensors) {
      each(stream, scalars, List.<Tensor[]>of(tensors));
    }

    @Override
    public void each(Stream stream, double[] scalars, List<Tensor[]> sets) {
      var byType = new LinkedHashMap<DType, List<Tensor[]>>();
      for (var set : sets) {
        byType.computeIfAbsent(set[0].type(), type -> new ArrayList<>()).add(set);
      }
      byType.values().forEach(alike -> launch((CudaStream) stream, scalars, alike));
    }

    private void launch(CudaStream stream, double[] scalars, List<Tensor[]> sets) {
      var table =
          stream.table(
              sets.stream().map(set -> Arrays.copyOf(set, Math.min(own, set.length))).toList());
      if (table.rows() > 0) {
        var first = sets.getFirst();
        work.on(
            Family.of(stream, "optimisers", first[0]), scalars, table, Family.optional(first, own));
      }
    }
  }

  private static void steps(Family family, String kernel, Tables.Table table, Object... rest) {
    var arguments = new Object[rest.length + 3];
    arguments[0] = table.address();
    arguments[1] = table.rows();
    arguments[2] = table.chunks();
    System.arraycopy(rest, 0, arguments, 3, rest.length);
    // Not a part of any graph, since rates change with the steps.
    family.stream().apart(() -> family.launch(kernel, Grid.blocks(table.chunks()), arguments));
  }

  /** Leaves a partial result of each block; as many blocks as chunks, up to a number. */
  private static long partials(Family family, String kernel, Tables.Table table, Grid grid) {
    long partials = Sums.partials(family.stream(), grid);
    new Family(family.stream(), "sums", family.suffix())
        .launch(kernel, grid, table.address(), table.rows(), table.chunks(), partials);
    return partials;
  }

  /** x; sum [1], added to. */
  private static void sumSquares(Family family, double[] s, Tables.Table table, Tensor sum) {
    var grid = Sums.chunks(table.chunks());
    long partials = partials(family, "sum_squares", table, grid);
    Sums.finish(family.stream(), partials, grid, sum, 1, true);
  }

  /** x; largest [1], which stays where it is larger. */
  private static void maxAbs(Family family, double[] s, Tables.Table table, Tensor largest) {
    var grid = Sums.chunks(table.chunks());
    long partials = partials(family, "max_abs", table, grid);
    Family.of(family.stream(), "sums", largest)
        .launch("finish_max", Grid.blocks(1), partials, (long) grid.x(), largest);
  }

  /** max, scale, step: sum [1], loss [1], verdict [4]. */
  private static void stepFactor(Stream stream, double[] s, Tensor... t) {
    boolean wide = t[0].type() == DType.FLOAT64;
    var family = Family.of(stream, "optimisers", t[1]);
    // Not a part of any graph, since the step is another one each time.
    family.stream()
        .apart(
            () ->
                family.launch(
                    "step_factor",
                    Grid.blocks(1),
                    wide ? null : t[0],
                    wide ? t[0] : null,
                    t[1],
                    t[2],
                    s[0],
                    s[1],
                    s[2]));
  }

  /** max, step, interval, largest: sum [1], loss [1], verdict [4], scale [3], seed [1]. */
  private static void scaledStepFactor(Stream stream, double[] s, Tensor... t) {
    boolean wide = t[0].type() == DType.FLOAT64;
    Family.of(stream, "optimisers", t[1])
        .launch(
            "scaled_step_factor",
            Grid.blocks(1),
            wide ? null : t[0],
            wide ? t[0] : null,
            t[1],
            t[2],
            t[3],
            t[4],
            s[0],
            s[1],
            s[2],
            s[3]);
  }

  /** rate, L2, momentum, dampening, Nesterov, first: w, g, momentum buffer or null; factor. */
  private static void sgd(Family family, double[] s, Tables.Table table, Tensor factor) {
    steps(
        family, "sgd", table, factor, s[0], s[1], s[2], 1 - s[3], flag(s[4] != 0), flag(s[5] != 0));
  }

  /**
   * rate / (1 - b1^t), b1, b2, sqrt(1 - b2^t), epsilon, L2, kept: w, g, m, v, the largest v or
   * null; factor.
   */
  private static void adam(Family family, double[] s, Tables.Table table, Tensor factor) {
    steps(
        family, "adam", table, factor, s[0], s[1], 1 - s[1], s[2], 1 - s[2], s[3], s[4], s[5],
        s[6]);
  }

  /**
   * rate, decay, epsilon, whether that is inside of the root, L2, momentum: w, g, v, mean, b;
   * factor.
   */
  private static void rmsProp(Family family, double[] s, Tables.Table table, Tensor factor) {
    steps(
        family, "rmsprop", table, factor, s[0], s[1], 1 - s[1], s[2], flag(s[3] != 0), s[4], s[5]);
  }
}
