package dev.sluice.train;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Pass;

/** One number that training makes small. */
@FunctionalInterface
public interface Loss {
  /**
   * {@return [1]: the loss, recorded for the way back}
   *
   * @param pass holds what is computed
   * @param predicted [...]
   * @param target [...], the same shape
   */
  Tensor of(Pass pass, Tensor predicted, Tensor target);

  /** {@return the mean of (p - y)^2 over all elements} */
  static Loss mse() {
    return (pass, p, y) -> kernel("mse", pass, p, y);
  }

  /**
   * {@return sigmoid cross entropy: the mean of max(x, 0) - x y + log(1 + e^-|x|) over all
   * elements, x logits and y in 0..1}
   */
  static Loss bceWithLogits() {
    return (pass, p, y) -> kernel("bce_logits", pass, p, y);
  }

  private static Tensor kernel(String name, Pass pass, Tensor predicted, Tensor target) {
    if (!predicted.shape().equals(target.shape()) || predicted.type() != target.type()) {
      throw new IllegalArgumentException(
          name + ": expected a target like the prediction, " + predicted + ", got " + target);
    }
    var backend = pass.device().backend();
    var loss = pass.watch(pass.empty(predicted.type(), Shape.of(1)));
    backend.kernel(name).run(pass.stream(), new double[0], predicted, target, loss);
    pass.record(
        () -> {
          if (pass.arrived(loss) != null && pass.wants(predicted)) {
            backend
                .kernel(name + "_backward")
                .run(
                    pass.stream(),
                    new double[0],
                    predicted,
                    target,
                    pass.gradient(loss),
                    pass.gradient(predicted));
          }
        });
    return loss;
  }
}
