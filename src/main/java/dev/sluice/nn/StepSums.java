package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The sums that a cell's gates are made of, {@code W_x * x + b_x + W_h * h + b_h}, for the steps of
 * a sequence: side by side where the engine can, else x's of all steps first. They turn into
 * activations and gradients in place.
 */
final class StepSums {
  private static final double[] NONE = {};

  private final Parameter inputBias;
  private final Convolve input;
  private final Convolve hidden;
  private final JointConvolve joint;

  /**
   * @param wx [K', C, kh, kw], or null without input
   * @param bx [K']
   * @param wh [K', K, kh, kw]
   * @param bh [K']
   */
  StepSums(Parameter wx, Parameter bx, Parameter wh, Parameter bh) {
    int sums = bx.value().shape().size(0);
    inputBias = bx;
    input = wx == null ? null : new Convolve(wx, bx);
    hidden = new Convolve(wh, bh);
    joint = new JointConvolve(wx == null ? List.of(wh) : List.of(wh, wx), List.of(bx, bh), 0, sums);
  }

  /**
   * {@return [T, N, H, W, K'], which {@link #add} makes whole}
   *
   * @param x [T, N, H, W, C], or null without input
   * @param frames [T, N, H, W, any]
   */
  Tensor start(Pass pass, Tensor x, Shape frames) {
    return joint.plan(pass, frames.inner()).isEmpty()
        ? ofInput(pass, x, frames)
        : pass.watchInPlace(pass.empty(inputBias.value().type(), sums(frames)));
  }

  private Shape sums(Shape frames) {
    var dims = frames.dims();
    dims[4] = inputBias.value().shape().dim(0);
    return Shape.of(dims);
  }

  /** {@return [T, N, H, W, K'], x's part alone, as in {@link #start}} */
  Tensor ofInput(Pass pass, Tensor x, Shape frames) {
    if (input != null) {
      return input.inPlace(pass, x);
    }
    var sums = pass.watchInPlace(pass.zeros(inputBias.value().type(), sums(frames)));
    run(pass, "add_bias", inputBias.value(), sums);
    pass.record(() -> run(pass, "column_sums", pass.gradient(sums), inputBias.gradient()));
    return sums;
  }

  /** {@return [N, H, W, K'], h's part alone} */
  Tensor ofHidden(Pass pass, Tensor h) {
    return hidden.inPlace(pass, h);
  }

  /**
   * Makes the sums of a step whole.
   *
   * @param x [N, H, W, C], or null without input
   * @param h [N, H, W, K]
   * @param zero whether h is known to be
   * @param sums [N, H, W, K'], of {@link #start}
   */
  void add(Pass pass, Tensor x, Tensor h, boolean zero, Tensor sums) {
    if (joint.plan(pass, sums.shape()).isEmpty()) {
      hidden.addTo(pass, h, sums);
      return;
    }
    var known = zero && x != null ? null : h;
    joint.into(pass, x == null ? List.of(h) : Arrays.asList(known, x), sums);
  }

  private static void run(Pass pass, String kernel, Tensor... tensors) {
    pass.device().backend().kernel(kernel).run(pass.stream(), NONE, tensors);
  }
}
