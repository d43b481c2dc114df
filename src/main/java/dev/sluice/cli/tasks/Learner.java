package dev.sluice.cli.tasks;

import dev.sluice.Tensor;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.train.Trainer;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A network that learns. All that changes is in the parameters and the optimiser's state: what a
 * step sees depends on its number alone, so that a run goes on as if nothing had happened.
 */
public interface Learner {
  /** {@return the network} */
  Layer model();

  /** {@return what takes its steps} */
  Trainer trainer();

  /**
   * {@return [1]: the loss of a step's batch}
   *
   * @param pass holds what is computed
   * @param step 0 for the first
   */
  Tensor loss(Pass pass, long step);

  /** {@return the steps between two validations; used where the recipe has a share for them} */
  long validateEvery();

  /** {@return the loss of the held-out examples} */
  double validate();

  /**
   * {@return what the network is worth on the test part, or nothing where it was asked to stop}
   *
   * @param stop asked between two batches
   */
  Optional<Judgement> judge(BooleanSupplier stop);
}
