package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Losses, norms and optimisers. Sums run in order, in double: the same in every run. */
final class TrainingKernels {
  private TrainingKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("mse", TrainingKernels::mse);
    all.put("mse_backward", TrainingKernels::mseBackward);
    all.put("bce_logits", TrainingKernels::bce);
    all.put("bce_logits_backward", TrainingKernels::bceBackward);
    all.put("sum_squares", TrainingKernels::sumSquares);
    all.put("max_abs", TrainingKernels::maxAbs);
    all.put("clamp", TrainingKernels::clamp);
    all.put("adam", TrainingKernels::adam);
  }

  /** mse(): prediction, target, loss [1]: the mean of the squared differences. */
  private static void mse(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var p = t[0].memory();
    var y = t[1].memory();
    int n = count(t[0]);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double d = reals.get(p, i) - reals.get(y, i);
      sum += d * d;
    }
    reals.set(t[2].memory(), 0, sum / n);
  }

  /** mse_backward(): prediction, target, dloss [1], dprediction: += 2 (p - y) / n dloss. */
  private static void mseBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var p = t[0].memory();
    var y = t[1].memory();
    var dp = t[3].memory();
    double factor = 2 * reals.get(t[2].memory(), 0) / count(t[0]);
    team(stream)
        .run(
            count(t[0]),
            Loops.GRAIN,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                reals.add(dp, i, factor * (reals.get(p, i) - reals.get(y, i)));
              }
            });
  }

  /** bce_logits(): logits, target, loss [1]: mean of max(x, 0) - x y + log(1 + e^-|x|). */
  private static void bce(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var logits = t[0].memory();
    var y = t[1].memory();
    int n = count(t[0]);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double x = reals.get(logits, i);
      sum += Math.max(x, 0) - x * reals.get(y, i) + Math.log1p(Math.exp(-Math.abs(x)));
    }
    reals.set(t[2].memory(), 0, sum / n);
  }

  /** bce_logits_backward(): logits, target, dloss [1], dlogits: += (s(x) - y) / n dloss. */
  private static void bceBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var logits = t[0].memory();
    var y = t[1].memory();
    var dx = t[3].memory();
    double factor = reals.get(t[2].memory(), 0) / count(t[0]);
    team(stream)
        .run(
            count(t[0]),
            2048,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                reals.add(dx, i, factor * (Reals.sigmoid(reals.get(logits, i)) - reals.get(y, i)));
              }
            });
  }

  /** sum_squares(): x, sum [1]: sum += the squares. */
  private static void sumSquares(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var x = t[0].memory();
    double sum = 0;
    for (int i = 0; i < count(t[0]); i++) {
      double v = reals.get(x, i);
      sum += v * v;
    }
    Reals.of(t[1].type()).add(t[1].memory(), 0, sum);
  }

  /** max_abs(): x, largest [1]: largest = max(largest, |x|); NaN stays. */
  private static void maxAbs(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var into = Reals.of(t[1].type());
    var x = t[0].memory();
    double largest = into.get(t[1].memory(), 0);
    for (int i = 0; i < count(t[0]); i++) {
      largest = Math.max(largest, Math.abs(reals.get(x, i)));
    }
    into.set(t[1].memory(), 0, largest);
  }

  /** clamp(bound): x = min(max(x, -bound), bound); NaN stays. */
  private static void clamp(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var x = t[0].memory();
    for (int i = 0; i < count(t[0]); i++) {
      reals.set(x, i, Math.max(Math.min(reals.get(x, i), scalars[0]), -scalars[0]));
    }
  }

  /**
   * adam(rate / (1 - b1^t), b1, b2, sqrt(1 - b2^t), epsilon, L2): w, g, m, v: the moments, then w
   * -= rate m / (sqrt(v) / root + epsilon).
   */
  private static void adam(Stream stream, double[] s, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var w = t[0].memory();
    var gradient = t[1].memory();
    var first = t[2].memory();
    var second = t[3].memory();
    team(stream)
        .run(
            count(t[0]),
            4096,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                double g = reals.get(gradient, i) + s[5] * reals.get(w, i);
                double m = s[1] * reals.get(first, i) + (1 - s[1]) * g;
                double v = s[2] * reals.get(second, i) + (1 - s[2]) * g * g;
                reals.set(first, i, m);
                reals.set(second, i, v);
                reals.add(w, i, -s[0] * m / (Math.sqrt(v) / s[3] + s[4]));
              }
            });
  }
}
