package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.List;

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

  /**
   * Enqueues the kernel for several sets of tensors, one behind the other or at once.
   *
   * @param stream orders it
   * @param scalars the same for all
   * @param sets what {@link #run} takes; none writes to what another one reads or writes, but for a
   *     sum that all add to
   */
  default void each(Stream stream, double[] scalars, List<Tensor[]> sets) {
    sets.forEach(tensors -> run(stream, scalars, tensors));
  }
}
