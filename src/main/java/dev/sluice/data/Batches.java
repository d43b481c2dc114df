package dev.sluice.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The order in which examples are seen. */
public final class Batches {
  private Batches() {}

  /**
   * {@return 0 to count - 1 in the order of an epoch, in batches; the last may be smaller} The
   * order depends on the seed and the epoch alone.
   *
   * @param count of examples, at least 1
   * @param size of a batch, at least 1
   * @param seed of the order
   * @param epoch 0 for the first
   */
  public static List<int[]> shuffled(int count, int size, long seed, long epoch) {
    return cut(order(count, new SplitMix(seed, epoch)), size);
  }

  /**
   * {@return 0 to count - 1 in batches; the last may be smaller}
   *
   * @param count of examples, at least 1
   * @param size of a batch, at least 1
   */
  public static List<int[]> inOrder(int count, int size) {
    var order = new int[Math.max(count, 0)];
    Arrays.setAll(order, i -> i);
    return cut(order, size);
  }

  /** {@return 0 to count - 1, shuffled (Fisher and Yates)} */
  static int[] order(int count, SplitMix random) {
    var order = new int[Math.max(count, 0)];
    for (int i = 0; i < count; i++) {
      int j = random.below(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private static List<int[]> cut(int[] order, int size) {
    if (order.length < 1 || size < 1) {
      throw new IllegalArgumentException(
          "Batches: expected at least 1 example and 1 in a batch, got %d and %d"
              .formatted(order.length, size));
    }
    var batches = new ArrayList<int[]>();
    for (int at = 0; at < order.length; at += size) {
      batches.add(Arrays.copyOfRange(order, at, Math.min(order.length, at + size)));
    }
    return batches;
  }
}
