package dev.sluice.train;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Pass;
import java.util.List;

/** One number that training makes small. For classes see {@link SoftmaxCrossEntropy}. */
@FunctionalInterface
public interface Loss {
  /**
   * {@return [1]: the loss, recorded for the way back}
   *
   * @param pass holds what is computed
   * @param predicted [...]
   * @param target [...], the same shape; no gradient flows into it
   */
  Tensor of(Pass pass, Tensor predicted, Tensor target);

  /** {@return the mean of (p - y)^2 over all elements} */
  static Loss mse() {
    return (pass, p, y) -> kernel("mse", pass, p, y);
  }

  /** {@return the mean of |p - y| over all elements; its slope is 0 where they are equal} */
  static Loss l1() {
    return (pass, p, y) -> kernel("l1", pass, p, y);
  }

  /**
   * {@return the mean over all elements of d^2 / (2 beta) where d = |p - y| is below beta, of d -
   * beta / 2 elsewhere (Girshick 2015)}
   *
   * @param beta above 0; 1 in PyTorch
   */
  static Loss smoothL1(double beta) {
    if (!(beta > 0)) {
      throw new IllegalArgumentException("smooth L1: expected beta > 0, got " + beta);
    }
    return (pass, p, y) -> kernel("smooth_l1", pass, p, y, beta);
  }

  /**
   * {@return sigmoid cross entropy: the mean of max(x, 0) - x y + log(1 + e^-|x|) over all
   * elements, x logits and y in 0..1}
   */
  static Loss bceWithLogits() {
    return (pass, p, y) -> kernel("bce_logits", pass, p, y);
  }

  /**
   * {@return the mean of -y log p - (1 - y) log(1 - p) over all elements, p probabilities and
   * logarithms no lower than -100} {@link #bceWithLogits} is exact where p rounds to 0 or 1.
   */
  static Loss bce() {
    return (pass, p, y) -> kernel("bce", pass, p, y);
  }

  /** {@return this mean, times the number of elements: a sum} */
  default Loss summed() {
    return (pass, p, y) -> times(pass, of(pass, p, y), p.shape().elements());
  }

  /**
   * {@return a loss times a factor}
   *
   * @param pass holds what is computed
   * @param loss [1]
   * @param factor its weight among others, say
   */
  static Tensor times(Pass pass, Tensor loss, double factor) {
    var backend = pass.device().backend();
    var scaled = pass.watch(scaled(pass, loss, factor));
    pass.record(
        () -> {
          if (pass.arrived(scaled) != null && pass.wants(loss)) {
            var more = scaled(pass, pass.gradient(scaled), factor);
            backend.kernel("add").run(pass.stream(), new double[0], more, pass.gradient(loss));
          }
        });
    return scaled;
  }

  /**
   * {@return the sum of losses}
   *
   * @param pass holds what is computed
   * @param losses [1] each, at least one
   */
  static Tensor sum(Pass pass, Tensor... losses) {
    for (var loss : losses) {
      if (loss.shape().elements() != 1 || loss.type() != losses[0].type()) {
        throw new IllegalArgumentException(
            "sum: expected losses of one element and one type, got " + List.of(losses));
      }
    }
    if (losses.length == 0) {
      throw new IllegalArgumentException("sum: expected at least one loss, got none");
    }
    var backend = pass.device().backend();
    var total = pass.watch(pass.zeros(losses[0].type(), Shape.of(1)));
    for (var loss : losses) {
      backend.kernel("add").run(pass.stream(), new double[0], loss, total);
    }
    pass.record(
        () -> {
          for (var loss : losses) {
            if (pass.arrived(total) != null && pass.wants(loss)) {
              var d = pass.gradient(total);
              backend.kernel("add").run(pass.stream(), new double[0], d, pass.gradient(loss));
            }
          }
        });
    return total;
  }

  private static Tensor scaled(Pass pass, Tensor x, double factor) {
    var backend = pass.device().backend();
    var y = pass.empty(x.type(), x.shape());
    backend.kernel("copy").run(pass.stream(), new double[0], x, y);
    backend.kernel("scale").run(pass.stream(), new double[] {factor}, y);
    return y;
  }

  private static Tensor kernel(
      String name, Pass pass, Tensor predicted, Tensor target, double... scalars) {
    if (!predicted.shape().equals(target.shape()) || predicted.type() != target.type()) {
      throw new IllegalArgumentException(
          name + ": expected a target like the prediction, " + predicted + ", got " + target);
    }
    var backend = pass.device().backend();
    var loss = pass.watch(pass.empty(predicted.type(), Shape.of(1)));
    backend.kernel(name).run(pass.stream(), scalars, predicted, target, loss);
    pass.record(
        () -> {
          if (pass.arrived(loss) != null && pass.wants(predicted)) {
            backend
                .kernel(name + "_backward")
                .run(
                    pass.stream(),
                    scalars,
                    predicted,
                    target,
                    pass.gradient(loss),
                    pass.gradient(predicted));
          }
        });
    return loss;
  }
}
