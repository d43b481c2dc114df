package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.List;

/**
 * A sum of convolutions for one shape, done at once. Weights: {@code w} of each tensor, then any
 * number of biases [K], which are added up. Gradients of weights are gathered over some steps in a
 * layout of the plan's own.
 */
public interface JointPlan extends Packing {
  /**
   * y's columns, overwritten.
   *
   * @param stream orders it
   * @param packed the weights, packed
   * @param x [N, H, W, C_i]; null where it is zero, but not all
   * @param y [N, H, W, columns]
   */
  void forward(Stream stream, Tensor packed, List<Tensor> x, Tensor y);

  /** {@return bytes of the gathered gradients of weights} */
  long gatheredBytes();

  /**
   * A step back.
   *
   * @param stream orders it
   * @param packed the weights, packed
   * @param x as in {@link #forward}
   * @param dy [N, H, W, columns]
   * @param dx [N, H, W, C_i], added to; null where it is not wanted
   * @param gathered the gradients of weights, zero before the first step back
   * @param dw [K, C_i, kh, kw], added to when many are gathered
   * @param db [K] each, added to
   */
  void backward(
      Stream stream,
      Tensor packed,
      List<Tensor> x,
      Tensor dy,
      List<Tensor> dx,
      Tensor gathered,
      List<Tensor> dw,
      List<Tensor> db);

  /**
   * After the last step back.
   *
   * @param stream orders it
   * @param gathered the gradients of weights that are not in dw yet
   * @param dw [K, C_i, kh, kw], added to
   */
  void spread(Stream stream, Tensor gathered, List<Tensor> dw);
}
