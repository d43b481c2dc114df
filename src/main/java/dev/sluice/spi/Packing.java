package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.List;

/**
 * A plan keeps its weights in a layout of its own, opaque to everyone else, never stored in files.
 * The caller packs once after the weights change and hands the packed tensor to each run.
 */
public interface Packing {
  /** {@return what is equal for plans that can share packed weights; this plan alone by default} */
  default Object layout() {
    return this;
  }

  /** {@return the size of the packed weights} */
  long packedBytes();

  /**
   * Converts weights to the plan's layout.
   *
   * @param stream orders it
   * @param weights in the spec's order, row-major
   * @param packed {@link #packedBytes} bytes, overwritten
   */
  void pack(Stream stream, List<Tensor> weights, Tensor packed);
}
