package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/**
 * Losses. Sums run in order, in double: the same in every run. The two that train frames have loops
 * of their own: a loop that three losses share costs five times as much.
 */
final class LossKernels {
  private LossKernels() {}

  /** The loss of one element, or its slope, for a prediction p and a target y. */
  @FunctionalInterface
  private interface Element {
    double of(double p, double y, double[] scalars);
  }

  static void register(Map<String, Kernel> all) {
    all.put("mse", LossKernels::mse);
    all.put("mse_backward", LossKernels::mseBackward);
    all.put("bce_logits", LossKernels::logits);
    all.put("bce_logits_backward", LossKernels::logitsBackward);
    mean(all, "l1", (p, y, s) -> Math.abs(p - y), (p, y, s) -> Math.signum(p - y));
    mean(all, "smooth_l1", LossKernels::smooth, LossKernels::smoothSlope);
    mean(all, "bce", LossKernels::probability, LossKernels::probabilitySlope);
    all.put("softmax_ce", LossKernels::crossEntropy);
    all.put("softmax_ce_backward", LossKernels::crossEntropyBackward);
  }

  /** mse(): prediction, target, loss [1]: the mean of the squared differences. */
  private static void mse(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var p = t[0].memory();
    var y = t[1].memory();
    int n = count(t[0]);
    int whole = VectorApi.PRESENT && reals == Reals.FLOATS ? Lanes.whole(0, n) : 0;
    double sum = whole > 0 ? LoopsVector.squares(p, y, whole) : 0;
    for (int i = whole; i < n; i++) {
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
    Loops.each(
        team(stream),
        reals,
        count(t[0]),
        (from, to) -> LoopsVector.addDifference(p, y, (float) factor, dp, from, to),
        i -> reals.add(dp, i, factor * (reals.get(p, i) - reals.get(y, i))));
  }

  /** bce_logits(): logits, target, loss [1]: mean of max(x, 0) - x y + log(1 + e^-|x|). */
  private static void logits(Stream stream, double[] scalars, Tensor... t) {
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
  private static void logitsBackward(Stream stream, double[] scalars, Tensor... t) {
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

  /**
   * name(...): prediction, target, loss [1]: the mean over all elements; name_backward(...):
   * prediction, target, dloss [1], dprediction: += slope / n dloss.
   */
  private static void mean(Map<String, Kernel> all, String name, Element loss, Element slope) {
    all.put(name, (stream, scalars, t) -> mean(loss, scalars, t));
    all.put(name + "_backward", (stream, scalars, t) -> meanBackward(slope, stream, scalars, t));
  }

  private static void mean(Element loss, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var p = t[0].memory();
    var y = t[1].memory();
    int n = count(t[0]);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += loss.of(reals.get(p, i), reals.get(y, i), scalars);
    }
    reals.set(t[2].memory(), 0, sum / n);
  }

  private static void meanBackward(Element slope, Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var p = t[0].memory();
    var y = t[1].memory();
    var dp = t[3].memory();
    double factor = reals.get(t[2].memory(), 0) / count(t[0]);
    team(stream)
        .run(
            count(t[0]),
            2048,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                double d = slope.of(reals.get(p, i), reals.get(y, i), scalars);
                reals.add(dp, i, factor * d);
              }
            });
  }

  /** smooth_l1(beta). */
  private static double smooth(double p, double y, double[] scalars) {
    double d = Math.abs(p - y);
    return d < scalars[0] ? d * d / (2 * scalars[0]) : d - scalars[0] / 2;
  }

  private static double smoothSlope(double p, double y, double[] scalars) {
    double d = p - y;
    return Math.abs(d) < scalars[0] ? d / scalars[0] : Math.signum(d);
  }

  /** Logarithms no lower than -100, as in PyTorch, so that a sure mistake stays finite. */
  private static double probability(double p, double y, double[] scalars) {
    return -y * Math.max(Math.log(p), -100) - (1 - y) * Math.max(Math.log1p(-p), -100);
  }

  private static double probabilitySlope(double p, double y, double[] scalars) {
    return (p - y) / Math.max(p * (1 - p), 1e-12);
  }

  /**
   * softmax_ce(factor, ignored): logits [n, K], labels [n] int32, loss [1]: factor times the sum of
   * -log softmax at the labels, without the ignored ones.
   */
  private static void crossEntropy(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var x = t[0].memory();
    int classes = t[0].shape().size(-1);
    double sum = 0;
    for (int row = 0; row < count(t[1]); row++) {
      int label = label(t[1], row);
      if (label != (int) scalars[1]) {
        long at = (long) row * classes;
        sum += logSum(reals, x, at, classes) - reals.get(x, at + label);
      }
    }
    reals.set(t[2].memory(), 0, scalars[0] * sum);
  }

  /**
   * softmax_ce_backward(factor, ignored): logits, labels, dloss [1], dlogits: += factor (softmax -
   * onehot) dloss, nothing for ignored labels.
   */
  private static void crossEntropyBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    double factor = scalars[0] * reals.get(t[2].memory(), 0);
    team(stream)
        .run(
            count(t[1]),
            Math.max(1, 2048 / t[0].shape().size(-1)),
            (from, to) -> {
              for (int row = from; row < to; row++) {
                if (label(t[1], row) != (int) scalars[1]) {
                  crossEntropyRow(reals, row, label(t[1], row), factor, t[0], t[3].memory());
                }
              }
            });
  }

  private static void crossEntropyRow(
      Reals reals, int row, int label, double factor, Tensor logits, MemorySegment dx) {
    var x = logits.memory();
    int classes = logits.shape().size(-1);
    long at = (long) row * classes;
    double logSum = logSum(reals, x, at, classes);
    for (int k = 0; k < classes; k++) {
      double p = Math.exp(reals.get(x, at + k) - logSum);
      reals.add(dx, at + k, factor * (k == label ? p - 1 : p));
    }
  }

  private static int label(Tensor labels, int row) {
    return labels.memory().getAtIndex(ValueLayout.JAVA_INT, row);
  }

  /** log of the sum of e^x over a row, the largest x taken out. */
  private static double logSum(Reals reals, MemorySegment x, long at, int count) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < count; k++) {
      largest = Math.max(largest, reals.get(x, at + k));
    }
    double sum = 0;
    for (int k = 0; k < count; k++) {
      sum += Math.exp(reals.get(x, at + k) - largest);
    }
    return largest + Math.log(sum);
  }
}
