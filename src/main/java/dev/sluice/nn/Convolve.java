package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.util.List;

/**
 * x: [..., H, W, C] to y: [..., H, W, K]: one convolution inside a layer, recorded for the way
 * back.
 */
final class Convolve {
  private final Parameter weight;
  private final Parameter bias;
  private final boolean normed;
  private final Packed packed;

  /**
   * @param weight [K, C, kh, kw]
   * @param bias [K], or null
   */
  Convolve(Parameter weight, Parameter bias) {
    this(weight, bias, false);
  }

  /**
   * @param normed whether y is normalised
   */
  Convolve(Parameter weight, Parameter bias, boolean normed) {
    this.weight = weight;
    this.bias = bias;
    this.normed = normed;
    this.packed =
        new Packed(bias == null ? List.of(weight) : List.of(weight, bias), weight.value().arena());
  }

  private DType type() {
    return weight.value().type();
  }

  private ConvSpec spec(Shape x) {
    var w = weight.value().shape();
    int frames = Math.toIntExact(x.elements() / (x.dim(-3) * x.dim(-2) * x.dim(-1)));
    return new ConvSpec(
        type(),
        frames,
        x.size(-3),
        x.size(-2),
        w.size(1),
        w.size(0),
        w.size(2),
        w.size(3),
        bias != null,
        normed);
  }

  /** y = w * x + b, a new tensor. */
  Tensor of(Pass pass, Tensor x) {
    return into(pass, x, pass.watch(empty(pass, x)));
  }

  /** As {@link #of}, y's gradient to be written over its values. */
  Tensor inPlace(Pass pass, Tensor x) {
    return into(pass, x, pass.watchInPlace(empty(pass, x)));
  }

  /** As {@link #inPlace}, into one tensor for all calls of a pass with equal keys. */
  Tensor inTurns(Pass pass, Tensor x, Object key) {
    return into(pass, x, pass.watchInPlace(pass.once(key, home -> empty(home, x))));
  }

  private Tensor into(Pass pass, Tensor x, Tensor y) {
    run(pass, x, y, false);
    return y;
  }

  private Tensor empty(Pass pass, Tensor x) {
    var dims = x.shape().dims();
    dims[dims.length - 1] = weight.value().shape().dim(0);
    return pass.empty(type(), Shape.of(dims));
  }

  /** y += w * x + b; y is watched. */
  void addTo(Pass pass, Tensor x, Tensor y) {
    run(pass, x, y, true);
  }

  private void run(Pass pass, Tensor x, Tensor y, boolean add) {
    var spec = spec(x.shape());
    var plan = pass.device().backend().convolution(spec);
    var weights = packed.of(plan, pass);
    plan.forward(pass.stream(), weights, frames(x, spec), frames(y, spec), add);
    pass.record(() -> back(pass, spec, plan, weights, x, y));
  }

  private void back(Pass pass, ConvSpec spec, ConvPlan plan, Tensor weights, Tensor x, Tensor y) {
    var arrived = pass.arrived(y);
    if (arrived == null) {
      return;
    }
    var dy = frames(arrived, spec);
    var db = bias == null ? null : bias.gradient();
    var in = frames(x, spec);
    if (pass.wants(x)) {
      var dx = frames(pass.gradient(x), spec);
      plan.backward(pass.stream(), weights, in, dy, dx, weight.gradient(), db);
    } else {
      plan.backwardWeights(pass.stream(), in, dy, weight.gradient(), db);
    }
  }

  private static Tensor frames(Tensor tensor, ConvSpec spec) {
    return tensor.reshape(
        Shape.of(spec.batch(), spec.height(), spec.width(), tensor.shape().dim(-1)));
  }
}
