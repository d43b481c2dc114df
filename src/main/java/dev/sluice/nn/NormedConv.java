package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * x: [..., H, W, C] to sums: [..., H, W, K]: a convolution without a bias and, where the frame's
 * size is given, a {@link LayerNorm} after it; one of the branches of a spatio-temporal cell, whose
 * sums turn into activations and gradients in place. Parameters: {@code 0.weight}, {@code
 * 1.weight}, {@code 1.bias}, as in PyTorch's Sequential.
 */
final class NormedConv implements Layer {
  private final List<Parameter> parameters = new ArrayList<>();
  private final Convolve convolve;
  private final LayerNorm norm;

  /**
   * @param shape [K, C, kh, kw]
   * @param frame the size of the frames, or null without layer norm
   * @param bound the weights start uniform within it, where they are random
   */
  NormedConv(
      Shape shape,
      ConvLstm.Config.Frame frame,
      double bound,
      DType type,
      Weights weights,
      DeviceArena arena) {
    var weight = Parameter.take(weights, "0.weight", shape, Init.uniform(bound), type, arena);
    parameters.add(weight);
    convolve = new Convolve(weight, null, frame != null);
    norm =
        frame == null
            ? null
            : new LayerNorm(
                shape.size(0), frame.height(), frame.width(), type, weights.at("1"), arena);
    if (norm != null) {
      norm.parameters().forEach(p -> parameters.add(p.within("1")));
    }
  }

  /** One over the root of the inputs of an output: PyTorch's bound for a convolution. */
  static double bound(Shape shape) {
    return 1 / Math.sqrt((double) shape.inner().elements());
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** {@return the weight, [K, C, kh, kw]} */
  Parameter weight() {
    return parameters.getFirst();
  }

  /** The sums, a new tensor that the caller overwrites with their gradient on the way back. */
  Tensor of(Pass pass, Tensor x) {
    var sums = convolve.inPlace(pass, x);
    return norm == null ? sums : norm.inPlace(pass, sums);
  }

  private record Turn(NormedConv branch, Shape x) {}

  /**
   * As {@link #of}, in one tensor for all steps of a pass: for callers that read none of the sums
   * on the way back, only leave their gradients there.
   */
  Tensor inTurns(Pass pass, Tensor x) {
    var turn = new Turn(this, x.shape());
    return norm == null
        ? convolve.inTurns(pass, x, turn)
        : norm.inTurns(pass, convolve.inPlace(pass, x), turn);
  }
}
