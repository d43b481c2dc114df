package dev.sluice.cli.tasks;

import dev.sluice.Device;
import dev.sluice.Tensor;
import dev.sluice.data.Batches;
import dev.sluice.nn.Pass;
import java.util.Arrays;
import java.util.function.BiFunction;

/**
 * Training examples that are learned from, and those that are held out for validation.
 *
 * @param learned their indices
 * @param held their indices, none without validation
 */
record Holdout(int[] learned, int[] held) {
  // The same in every run, so that seeds can be compared.
  private static final long SEED = 1;

  /** Holds out a share that is drawn by lot. */
  static Holdout drawn(int count, double share) {
    int[] order = Batches.shuffled(count, count, SEED, 0).getFirst();
    return of(order, share);
  }

  /** Holds out the last ones, as for what comes one after the other. */
  static Holdout last(int count, double share) {
    return of(Batches.inOrder(count, count).getFirst(), share);
  }

  private static Holdout of(int[] order, double share) {
    int held = (int) Math.round(order.length * share);
    Recipe.require(
        share == 0 || held > 0 && held < order.length,
        "--validate",
        "a share that leaves 1 or more of %,d examples on each side".formatted(order.length),
        share);
    int learned = order.length - held;
    return new Holdout(
        Arrays.copyOf(order, learned), Arrays.copyOfRange(order, learned, order.length));
  }

  /** {@return the mean loss of the held ones, from the mean losses of batches} */
  double loss(Device device, int batch, BiFunction<Pass, int[], Tensor> loss) {
    double sum = 0;
    for (int[] part : Batches.inOrder(held.length, batch)) {
      int[] picks = Arrays.stream(part).map(i -> held[i]).toArray();
      try (var pass = Pass.inference(device)) {
        sum += picks.length * loss.apply(pass, picks).floats()[0];
      }
    }
    return sum / held.length;
  }
}
