package dev.sluice.train;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import java.util.List;

/**
 * What decides about a training step, kept on the device, so that a step does not wait for it: the
 * loss, the norm of the gradients, and the factor that clips them, NaN from the first step on whose
 * loss or norm is not finite. It lives as long as the parameters.
 */
final class Verdict {
  private final List<Parameter> parameters;
  private final Tensor sum;
  private final Tensor numbers;
  private final LossScale option;
  private final Tensor scale;
  private final Tensor seed;
  private final Tensor factor;
  private List<Tensor[]> gradients;

  Verdict(List<Parameter> parameters, LossScale option) {
    var value = parameters.getFirst().value();
    var arena = value.arena();
    this.parameters = parameters;
    this.option = option;
    this.scale = arena.zeros(DType.FLOAT64, Shape.of(3));
    this.seed = arena.zeros(value.type(), Shape.of(1));
    scale(new double[] {option.initial(), 0, 0});
    this.sum = arena.zeros(Gradients.sums(value.type()), Shape.of(1));
    this.numbers = arena.zeros(DType.FLOAT64, Shape.of(4));
    this.factor = numbers.slice(0, 1);
  }

  /**
   * What was found, as numbers.
   *
   * @param factor of the last step, NaN where none was taken
   * @param norm of the gradients before clipping
   * @param loss of the step
   * @param broken the first step that was not finite, 0 for none; norm and loss are then that
   *     step's
   */
  record Finding(double factor, double norm, double loss, long broken) {}

  /**
   * Enqueues what finds the factor of a step.
   *
   * @param loss [1]
   * @param max the norm that is not exceeded
   * @param step its number, from 1
   */
  void judge(Tensor loss, double max, long step) {
    Gradients.all(
        parameters,
        (backend, stream) -> {
          backend.kernel("fill").run(stream, new double[] {0}, sum);
          backend.kernel("sum_squares").each(stream, new double[0], gradients());
          if (scales()) {
            var scalars = new double[] {max, step, option.interval(), LossScale.LARGEST};
            var kernel = backend.kernel("scaled_step_factor");
            kernel.run(stream, scalars, sum, loss, numbers, scale, seed);
          } else {
            var kernel = backend.kernel("step_factor");
            kernel.run(stream, new double[] {max, 1, step}, sum, loss, numbers);
          }
        });
  }

  /** With the sum that each is added to; they stay the same from step to step. */
  private List<Tensor[]> gradients() {
    if (gradients == null) {
      gradients = Gradients.sets(parameters, Gradients.gradients(parameters, sum));
    }
    return gradients;
  }

  boolean scales() {
    return option.active();
  }

  /** What the way back begins with: the scale of the next step, [1]. */
  Tensor seed() {
    return seed;
  }

  /** Waits for the scale, the steps since it changed and those that were skipped. */
  double[] scale() {
    return scale.doubles();
  }

  /** Goes on with such a scale. */
  void scale(double[] values) {
    scale.set(values);
    seed.set(new double[] {values[0]});
  }

  /** What the optimiser multiplies gradients by. */
  Tensor factor() {
    return factor;
  }

  /** Waits for the last step. */
  Finding look() {
    var found = numbers.doubles();
    return new Finding(found[0], found[1], found[2], (long) found[3]);
  }

  /** Lets steps go on after one that was not finite. */
  void forgive() {
    numbers.set(new double[4]);
  }
}
