package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;

/** A convolution for one shape; weights {@code [w]} or {@code [w, bias]}. */
public interface ConvPlan extends Packing {
  /**
   * {@code y (+)= w * x + bias}.
   *
   * @param stream orders it
   * @param packed the weights, packed
   * @param x [N, H, W, C]
   * @param y [N, H, W, K], overwritten or added to
   * @param add whether to add
   */
  void forward(Stream stream, Tensor packed, Tensor x, Tensor y, boolean add);

  /**
   * The gradient of the input, added.
   *
   * @param stream orders it
   * @param packed the weights, packed
   * @param dy [N, H, W, K]
   * @param dx [N, H, W, C], added to
   */
  void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx);

  /**
   * The gradients of the weights, added.
   *
   * @param stream orders it
   * @param x [N, H, W, C]
   * @param dy [N, H, W, K]
   * @param dw [K, C, kh, kw], added to
   * @param db [K], added to; null where the spec has no bias
   */
  void backwardWeights(Stream stream, Tensor x, Tensor dy, Tensor dw, Tensor db);

  /**
   * The whole way back at once, which engines may share work in.
   *
   * @param stream orders it
   * @param packed the weights, packed
   * @param x [N, H, W, C]
   * @param dy [N, H, W, K]
   * @param dx [N, H, W, C], added to
   * @param dw [K, C, kh, kw], added to
   * @param db [K], added to; null where the spec has no bias
   */
  default void backward(
      Stream stream, Tensor packed, Tensor x, Tensor dy, Tensor dx, Tensor dw, Tensor db) {
    backwardWeights(stream, x, dy, dw, db);
    backwardData(stream, packed, dy, dx);
  }
}
