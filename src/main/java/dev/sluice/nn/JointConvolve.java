package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.JointPlan;
import dev.sluice.spi.JointSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * x_i: [..., H, W, C_i] to columns of y: [..., H, W, columns]: the sum of several convolutions at
 * once, where the engine can, recorded for the way back. The gradients of weights are gathered over
 * a pass's steps.
 */
final class JointConvolve {
  private final List<Parameter> weights;
  private final List<Parameter> biases;
  private final int first;
  private final int columns;
  private final Packed packed;
  private volatile JointSpec latest;

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
    return pass.device().backend().joint(spec(frames));
  }

  /** The same object for the same frames, step by step. */
  private JointSpec spec(Shape frames) {
    int height = frames.size(-3);
    int width = frames.size(-2);
    int batch = Math.toIntExact(frames.elements() / (height * frames.dim(-2) * frames.dim(-1)));
    var known = latest;
    if (known != null
        && known.batch() == batch
        && known.height() == height
        && known.width() == width) {
      return known;
    }
    var w = weights.getFirst().value();
    var inputs = weights.stream().map(weight -> weight.value().shape().size(1)).toList();
    var k = w.shape();
    known =
        new JointSpec(
            w.type(), batch, height, width, inputs, k.size(0), k.size(2), k.size(3), first,
            columns);
    latest = known;
    return known;
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
    var gathered =
        pass.gathered(
            key,
            w.type(),
            length,
            (home, sum) -> plan.spread(home.stream(), sum, gradients(weights)));
    var dx = new Tensor[x.size()];
    for (int i = 0; i < dx.length; i++) {
      dx[i] = pass.gradientOrNull(x.get(i));
    }
    plan.backward(
        pass.stream(),
        w,
        x,
        pass.gradient(y),
        Arrays.asList(dx),
        gathered,
        gradients(weights),
        gradients(biases));
  }

  private static List<Tensor> gradients(List<Parameter> parameters) {
    var all = new Tensor[parameters.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = parameters.get(i).gradient();
    }
    return Arrays.asList(all);
  }
}
