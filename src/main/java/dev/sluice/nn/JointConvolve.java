package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.JointPlan;
import dev.sluice.spi.JointSpec;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * x_i: [..., H, W, C_i] to columns of y: [..., H, W, columns]: the sum of several convolutions at
 * once, where the engine can, recorded for the way back. The gradients of weights are gathered over
 * all of a pass's steps.
 */
final class JointConvolve {
  private static final double[] ZERO = {0};

  private final List<Parameter> weights;
  private final List<Parameter> biases;
  private final int first;
  private final int columns;
  private final Packed packed;

  /**
   * @param weights [K, C_i, kh, kw]
   * @param biases [K], any number
   * @param first the first of y's columns that are written
   * @param columns of y
   */
  JointConvolve(List<Parameter> weights, List<Parameter> biases, int first, int columns) {
    this.weights = weights;
    this.biases = biases;
    this.first = first;
    this.columns = columns;
    var all = Stream.concat(weights.stream(), biases.stream()).toList();
    this.packed = new Packed(all, weights.getFirst().value().arena());
  }

  /**
   * {@return the engine's way to do it, if it has one}
   *
   * @param frames [..., H, W, any]
   */
  Optional<JointPlan> plan(Pass pass, Shape frames) {
    var w = weights.getFirst().value();
    return pass.device()
        .backend()
        .joint(
            new JointSpec(
                w.type(),
                Math.toIntExact(
                    frames.elements() / (frames.dim(-3) * frames.dim(-2) * frames.dim(-1))),
                frames.size(-3),
                frames.size(-2),
                weights.stream().map(weight -> weight.value().shape().size(1)).toList(),
                w.shape().size(0),
                w.shape().size(2),
                w.shape().size(3),
                first,
                columns));
  }

  /**
   * Writes the sum into y, which is watched in place, where there is a {@link #plan}.
   *
   * @param x null where it is zero, but not all
   */
  void into(Pass pass, List<Tensor> x, Tensor y) {
    var plan = plan(pass, y.shape()).orElseThrow();
    var w = packed.of(plan, pass);
    plan.forward(pass.stream(), w, x, y);
    pass.record(() -> back(pass, plan, w, x, y));
  }

  private record Key(JointConvolve owner, JointPlan plan) {}

  private void back(Pass pass, JointPlan plan, Tensor w, List<Tensor> x, Tensor y) {
    var key = new Key(this, plan);
    long length = plan.gatheredBytes() / w.type().bytes();
    var gathered = pass.once(key, home -> home.empty(w.type(), Shape.of(length)));
    if (pass.afterwards(key, home -> plan.spread(home.stream(), gathered, gradients(weights)))) {
      pass.device().backend().kernel("fill").run(pass.stream(), ZERO, gathered);
    }
    var dx = x.stream().map(pass::gradientOrNull).toList();
    plan.backward(pass.stream(), w, x, pass.gradient(y), dx, gathered, gradients(biases));
  }

  private static List<Tensor> gradients(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::gradient).toList();
  }
}
