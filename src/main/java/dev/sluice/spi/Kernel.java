package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;

/**
 * A small piece of arithmetic that the vendor's libraries do not have. Written once a device and
 * found by one name; the parity table lists its tensors and scalars.
 */
@FunctionalInterface
public interface Kernel {
  /**
   * Enqueues the kernel.
   *
   * @param stream orders it
   * @param scalars its numbers
   * @param tensors its tensors; an optional one may be null
   */
  void run(Stream stream, double[] scalars, Tensor... tensors);
}
