package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  @Test
  void anEpochShowsEveryExampleOnceInBatches() {
    var batches = Batches.shuffled(103, 16, 5, 2);
    assertEquals(7, batches.size());
    assertEquals(16, batches.getFirst().length);
    assertEquals(7, batches.getLast().length);
    assertArrayEquals(IntStream.range(0, 103).toArray(), flat(batches).sorted().toArray());
    assertFalse(Arrays.equals(IntStream.range(0, 103).toArray(), flat(batches).toArray()));
  }

  @Test
  void theOrderDependsOnSeedAndEpochAlone() {
    int[] one = flat(Batches.shuffled(50, 8, 1, 0)).toArray();
    assertArrayEquals(one, flat(Batches.shuffled(50, 8, 1, 0)).toArray());
    assertArrayEquals(one, flat(Batches.shuffled(50, 50, 1, 0)).toArray());
    assertFalse(Arrays.equals(one, flat(Batches.shuffled(50, 8, 2, 0)).toArray()));
    assertFalse(Arrays.equals(one, flat(Batches.shuffled(50, 8, 1, 1)).toArray()));
  }

  @Test
  void everyPlaceIsEquallyLikely() {
    var first = new int[4];
    for (long epoch = 0; epoch < 4000; epoch++) {
      first[Batches.shuffled(4, 4, 3, epoch).getFirst()[0]]++;
    }
    // Five standard deviations.
    for (int count : first) {
      assertEquals(1000, count, 5 * Math.sqrt(4000 * 0.25 * 0.75));
    }
  }

  @Test
  void inOrderIsInOrderAndNothingIsRefused() {
    assertArrayEquals(new int[] {0, 1, 2, 3, 4}, flat(Batches.inOrder(5, 2)).toArray());
    Refusals.call("at least 1 example and 1 in a batch, got 0 and 4", () -> Batches.inOrder(0, 4));
    Refusals.call("got 5 and 0", () -> Batches.shuffled(5, 0, 1, 1));
  }

  private static IntStream flat(List<int[]> batches) {
    return batches.stream().flatMapToInt(Arrays::stream);
  }
}
