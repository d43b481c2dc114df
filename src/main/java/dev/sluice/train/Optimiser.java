package dev.sluice.train;

import dev.sluice.Tensor;
import java.util.Map;

/** Changes parameters along their gradients. */
public interface Optimiser {
  /** Takes one step and sets the gradients to zero. */
  void step();

  /** {@return the learning rate of the next step} */
  double rate();

  /**
   * Sets the learning rate.
   *
   * @param rate from the next step on
   */
  void rate(double rate);

  /** {@return how many steps were taken} */
  long steps();

  /**
   * Goes on from a checkpoint.
   *
   * @param steps how many steps were taken
   */
  void steps(long steps);

  /** {@return the state that a checkpoint has to hold besides the step, by name} */
  Map<String, Tensor> state();
}
