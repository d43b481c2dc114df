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
 * Norms, bounds and optimisers' steps. Sums run in order, in double: the same in every run.
 *
 * <p>A step takes the gradient times a factor, float64 [1] or absent for 1, and leaves zeros in the
 * gradient; where the factor is NaN it does nothing.
 */
final class OptimiserKernels {
  private OptimiserKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("sum_squares", OptimiserKernels::sumSquares);
    all.put("max_abs", OptimiserKernels::maxAbs);
    all.put("clamp", OptimiserKernels::clamp);
    all.put("step_factor", OptimiserKernels::stepFactor);
    all.put("scaled_step_factor", OptimiserKernels::scaledStepFactor);
    all.put("sgd", OptimiserKernels::sgd);
    all.put("adam", OptimiserKernels::adam);
    all.put("rmsprop", OptimiserKernels::rmsProp);
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
   * step_factor(max, scale, step): sum of squares [1], loss [1], verdict float64 [4]: the factor of
   * the step, scale times min(1, max / (norm + 1e-6)); the norm, scale times the root of the sum;
   * the loss times scale; the first step whose loss or norm is not finite, 0 for none. From that
   * step on the factor is NaN and the rest stays.
   */
  private static void stepFactor(Stream stream, double[] s, Tensor... t) {
    var verdict = t[2].memory();
    if (Reals.DOUBLES.get(verdict, 3) != 0) {
      return;
    }
    double norm = s[1] * Math.sqrt(Reals.of(t[0].type()).get(t[0].memory(), 0));
    double loss = s[1] * Reals.of(t[1].type()).get(t[1].memory(), 0);
    boolean finite = Double.isFinite(norm) && Double.isFinite(loss);
    double factor = finite ? s[1] * Math.min(1, s[0] / (norm + 1e-6)) : Double.NaN;
    double[] values = {factor, norm, loss, finite ? 0 : s[2]};
    for (int i = 0; i < values.length; i++) {
      Reals.DOUBLES.set(verdict, i, values[i]);
    }
  }

  /**
   * scaled_step_factor(max, step, interval, largest): sum of squares [1], loss [1], verdict float64
   * [4], scale float64 [3], seed [1]: as step_factor, of gradients that hold a scale times what
   * they should. scale is that, the steps since it changed and those that were skipped: where the
   * norm alone is not finite the factor is NaN and the scale halved, down to 1; after an interval
   * of other steps it is doubled, up to the largest. seed is the scale of the next step.
   */
  private static void scaledStepFactor(Stream stream, double[] s, Tensor... t) {
    var verdict = t[2].memory().toArray(ValueLayout.JAVA_DOUBLE);
    if (verdict[3] != 0) {
      return;
    }
    var scale = t[3].memory().toArray(ValueLayout.JAVA_DOUBLE);
    double norm = Math.sqrt(Reals.of(t[0].type()).get(t[0].memory(), 0)) / scale[0];
    double loss = Reals.of(t[1].type()).get(t[1].memory(), 0);
    verdict[2] = loss;
    if (Double.isFinite(norm) && Double.isFinite(loss)) {
      verdict[0] = Math.min(1, s[0] / (norm + 1e-6)) / scale[0];
      verdict[1] = norm;
      boolean grows = ++scale[1] >= s[2] && scale[0] < s[3];
      scale[0] *= grows ? 2 : 1;
      scale[1] = grows ? 0 : scale[1];
    } else {
      verdict[0] = Double.NaN;
      if (!Double.isFinite(loss) || scale[0] <= 1) {
        verdict[1] = norm;
        verdict[3] = s[1];
      } else {
        scale[0] /= 2;
        scale[1] = 0;
        scale[2]++;
      }
    }
    MemorySegment.copy(verdict, 0, t[2].memory(), ValueLayout.JAVA_DOUBLE, 0, verdict.length);
    MemorySegment.copy(scale, 0, t[3].memory(), ValueLayout.JAVA_DOUBLE, 0, scale.length);
    Reals.of(t[4].type()).set(t[4].memory(), 0, scale[0]);
  }

  /** {@return what gradients are multiplied by, NaN for no step} */
  private static double factor(Tensor[] t, int index) {
    var factor = memory(t, index);
    return factor == null ? 1 : Reals.DOUBLES.get(factor, 0);
  }

  /** {@return an element of the gradient, which becomes zero} */
  private static double spent(Reals reals, MemorySegment gradient, long i, double factor) {
    double g = reals.rounded(reals.get(gradient, i) * factor);
    reals.set(gradient, i, 0);
    return g;
  }

  /**
   * sgd(rate, L2, momentum, dampening, Nesterov, first): w, g, momentum buffer or null, factor: b =
   * g at the first step, then momentum b + (1 - dampening) g; w -= rate b, or rate (g + momentum
   * b).
   */
  private static void sgd(Stream stream, double[] s, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var w = t[0].memory();
    var gradient = t[1].memory();
    var buffer = memory(t, 2);
    double factor = factor(t, 3);
    if (Double.isNaN(factor)) {
      return;
    }
    team(stream)
        .run(
            count(t[0]),
            4096,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                double g = spent(reals, gradient, i, factor) + s[1] * reals.get(w, i);
                double d = g;
                if (buffer != null) {
                  d = s[5] != 0 ? g : s[2] * reals.get(buffer, i) + (1 - s[3]) * g;
                  reals.set(buffer, i, d);
                  d = s[4] != 0 ? g + s[2] * d : d;
                }
                reals.add(w, i, -s[0] * d);
              }
            });
  }

  /**
   * adam(rate / (1 - b1^t), b1, b2, sqrt(1 - b2^t), epsilon, L2, kept): w, g, m, v, for AMSGrad the
   * largest v so far or null, factor: w *= kept, the moments, then w -= rate m / (sqrt(v) / root +
   * epsilon).
   */
  private static void adam(Stream stream, double[] s, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var w = t[0].memory();
    var gradient = t[1].memory();
    var first = t[2].memory();
    var second = t[3].memory();
    var largest = memory(t, 4);
    double factor = factor(t, 5);
    if (Double.isNaN(factor)) {
      return;
    }
    team(stream)
        .run(
            count(t[0]),
            4096,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                if (s[6] != 1) {
                  reals.set(w, i, reals.get(w, i) * s[6]);
                }
                double g = spent(reals, gradient, i, factor) + s[5] * reals.get(w, i);
                double m = s[1] * reals.get(first, i) + (1 - s[1]) * g;
                double v = s[2] * reals.get(second, i) + (1 - s[2]) * g * g;
                reals.set(first, i, m);
                reals.set(second, i, v);
                if (largest != null) {
                  v = Math.max(v, reals.get(largest, i));
                  reals.set(largest, i, v);
                }
                reals.add(w, i, -s[0] * m / (Math.sqrt(v) / s[3] + s[4]));
              }
            });
  }

  /**
   * rmsprop(rate, decay, epsilon, epsilon inside of the root, L2, momentum): w, g, v, the mean
   * gradient if centred or null, the momentum buffer or null, factor: v = decay v + (1 - decay)
   * g^2, the squared mean taken off if centred; b = momentum b + g / (sqrt(v) + epsilon); w -= rate
   * b.
   */
  private static void rmsProp(Stream stream, double[] s, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var w = t[0].memory();
    var gradient = t[1].memory();
    var square = t[2].memory();
    var mean = memory(t, 3);
    var buffer = memory(t, 4);
    double factor = factor(t, 5);
    if (Double.isNaN(factor)) {
      return;
    }
    team(stream)
        .run(
            count(t[0]),
            4096,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                double g = spent(reals, gradient, i, factor) + s[4] * reals.get(w, i);
                double v = s[1] * reals.get(square, i) + (1 - s[1]) * g * g;
                reals.set(square, i, v);
                if (mean != null) {
                  double m = s[1] * reals.get(mean, i) + (1 - s[1]) * g;
                  reals.set(mean, i, m);
                  v = Math.max(v - m * m, 0);
                }
                double d = g / (s[3] != 0 ? Math.sqrt(v + s[2]) : Math.sqrt(v) + s[2]);
                if (buffer != null) {
                  d += s[5] * reals.get(buffer, i);
                  reals.set(buffer, i, d);
                }
                reals.add(w, i, -s[0] * d);
              }
            });
  }

  private static MemorySegment memory(Tensor[] t, int index) {
    return t.length > index && t[index] != null ? t[index].memory() : null;
  }
}
