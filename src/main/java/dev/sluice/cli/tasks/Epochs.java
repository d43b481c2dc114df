package dev.sluice.cli.tasks;

import dev.sluice.data.Batches;
import java.util.Arrays;
import java.util.List;

/** Which training examples each step sees: all of them in every epoch, in an order of its own. */
final class Epochs {
  private final int[] examples;
  private final int batch;
  private final long seed;
  private long epoch = -1;
  private List<int[]> batches;

  /**
   * Epochs over examples.
   *
   * @param examples their indices
   * @param batch examples a step; an epoch's last step may have fewer
   * @param seed of the orders
   */
  Epochs(int[] examples, int batch, long seed) {
    this.examples = examples;
    this.batch = batch;
    this.seed = seed;
  }

  long steps() {
    return (examples.length - 1) / batch + 1;
  }

  /** How many examples were seen in the first steps of a run. */
  long seen(long steps) {
    long last = Math.min(examples.length, steps % steps() * batch);
    return steps / steps() * examples.length + last;
  }

  /** The examples of a step. */
  int[] at(long step) {
    if (step / steps() != epoch) {
      epoch = step / steps();
      batches = Batches.shuffled(examples.length, batch, seed, epoch);
    }
    int[] picks = batches.get((int) (step % steps()));
    return Arrays.stream(picks).map(pick -> examples[pick]).toArray();
  }
}
