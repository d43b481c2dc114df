package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.length;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Losses: losses.cu. */
final class LossKernels {
  private LossKernels() {}

  static void register(Map<String, Kernel> all) {
    for (String name : new String[] {"mse", "l1", "smooth_l1", "bce_logits", "bce"}) {
      all.put(name, (stream, s, t) -> mean(stream, name, s, t));
      all.put(name + "_backward", (stream, s, t) -> meanBackward(stream, name, s, t));
    }
    all.put("softmax_ce", LossKernels::crossEntropy);
    all.put("softmax_ce_backward", LossKernels::crossEntropyBackward);
  }

  private static Family family(Stream stream, Tensor like) {
    return Family.of(stream, "losses", like);
  }

  private static double scalar(double[] scalars) {
    return scalars.length == 0 ? 0 : scalars[0];
  }

  /** prediction, target, loss [1]. */
  private static void mean(Stream stream, String name, double[] s, Tensor... t) {
    var cuda = (CudaStream) stream;
    long n = count(t[0]);
    var grid = Sums.blocks(n);
    long partials = Sums.partials(cuda, grid);
    family(stream, t[0]).launch(name, grid, t[0], t[1], n, scalar(s), partials);
    Sums.finish(cuda, partials, grid, t[2], 1.0 / n, false);
  }

  /** prediction, target, dloss [1], dprediction. */
  private static void meanBackward(Stream stream, String name, double[] s, Tensor... t) {
    long n = count(t[0]);
    family(stream, t[0])
        .elements(name + "_backward", n, t[0], t[1], t[2], t[3], n, scalar(s), 1.0 / n);
  }

  /** factor, ignored: logits, labels, loss [1]. */
  private static void crossEntropy(Stream stream, double[] s, Tensor... t) {
    var cuda = (CudaStream) stream;
    long rows = count(t[1]);
    var grid = Sums.blocks(rows * 32);
    long partials = Sums.partials(cuda, grid);
    family(stream, t[0])
        .launch("softmax_ce", grid, t[0], t[1], rows, length(t[0]), (int) s[1], partials);
    Sums.finish(cuda, partials, grid, t[2], s[0], false);
  }

  /** factor, ignored: logits, labels, dloss [1], dlogits. */
  private static void crossEntropyBackward(Stream stream, double[] s, Tensor... t) {
    long rows = count(t[1]);
    family(stream, t[0])
        .rows(
            "softmax_ce_backward",
            rows,
            t[0],
            t[1],
            t[2],
            t[3],
            rows,
            length(t[0]),
            (int) s[1],
            s[0]);
  }
}
