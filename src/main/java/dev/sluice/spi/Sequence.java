package dev.sluice.spi;

import dev.sluice.Tensor;
import java.util.List;

/**
 * The tensors of a whole sequence, or their gradients. In a value sequence x may be null where a
 * cell has no input, an initial state null for zeros, and a cell's last h, which is the last of y,
 * null where it is unwanted. In a gradient sequence null means zero for what comes in (y, last) and
 * unwanted for what goes out (x, initial).
 *
 * @param x [T, N, ...] the input
 * @param lengths [N] int32, or null where every sequence is T long
 * @param initial the states before the first step, h first
 * @param y [T, N, ...] the output of every step
 * @param last the states after each sequence's own last step, h first
 * @param ends the numbers in lengths where the caller has them, so that an engine that needs them
 *     on the host does not wait for its device; else null; always there where x is packed
 */
public record Sequence(
    Tensor x, Tensor lengths, List<Tensor> initial, Tensor y, List<Tensor> last, int[] ends) {
  /**
   * A sequence whose lengths only the device knows.
   *
   * @param x [T, N, ...] the input
   * @param lengths [N] int32, or null where every sequence is T long
   * @param initial the states before the first step, h first
   * @param y [T, N, ...] the output of every step
   * @param last the states after each sequence's own last step, h first
   */
  public Sequence(Tensor x, Tensor lengths, List<Tensor> initial, Tensor y, List<Tensor> last) {
    this(x, lengths, initial, y, last, null);
  }
}
