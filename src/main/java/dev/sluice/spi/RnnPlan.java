package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.List;

/**
 * A recurrent network for one spec and one run; weights in the order of {@link RnnSpec#weights}.
 */
public interface RnnPlan extends Packing {
  /** {@return whether x and y are packed; false where the run did not ask for it} */
  default boolean packed() {
    return false;
  }

  /** {@return whether it drops between layers; false where the run did not ask for it} */
  default boolean drops() {
    return false;
  }

  /** {@return bytes that forward leaves for backward; 0 in inference} */
  long reserveBytes();

  /**
   * The whole sequence.
   *
   * @param stream orders it
   * @param packed the weights, packed
   * @param values y and last are overwritten
   * @param reserve {@link #reserveBytes}, overwritten; null in inference
   */
  void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve);

  /**
   * Backpropagation through the whole sequence.
   *
   * @param stream orders it
   * @param packed the weights that forward had
   * @param values those of forward
   * @param gradients x and initial are added to
   * @param weights gradients in the spec's order, added to
   * @param reserve what forward left; spent
   */
  void backward(
      Stream stream,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve);
}
