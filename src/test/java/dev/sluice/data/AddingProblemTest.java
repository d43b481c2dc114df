package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AddingProblemTest {
  @Test
  void theTargetIsTheSumOfTheTwoMarkedValuesOneInEachHalf() {
    var x = new float[7 * 50 * 2];
    var y = new float[50];
    new AddingProblem(Split.TRAIN, 3, 7).batch(0, x, y);
    var seen = new boolean[7];
    for (int n = 0; n < 50; n++) {
      double sum = 0;
      int early = 0;
      int late = 0;
      for (int t = 0; t < 7; t++) {
        int at = (t * 50 + n) * 2;
        assertTrue(x[at] >= 0 && x[at] <= 1);
        sum += x[at] * x[at + 1];
        early += t < 3 ? (int) x[at + 1] : 0;
        late += t >= 3 ? (int) x[at + 1] : 0;
        seen[t] |= x[at + 1] == 1;
      }
      assertEquals(y[n], sum, 1e-6);
      assertEquals(1, early);
      assertEquals(1, late);
    }
    assertArrayEquals(new boolean[] {true, true, true, true, true, true, true}, seen);
  }

  @Test
  void anExampleDependsOnSplitSeedAndIndexAlone() {
    float[] one = example(Split.TRAIN, 1, 5);
    assertArrayEquals(one, example(Split.TRAIN, 1, 5));
    assertFalse(Arrays.equals(one, example(Split.TEST, 1, 5)));
    assertFalse(Arrays.equals(one, example(Split.TRAIN, 2, 5)));
    assertFalse(Arrays.equals(one, example(Split.TRAIN, 1, 6)));
    var x = new float[10 * 4 * 2];
    new AddingProblem(Split.TRAIN, 1, 10).batch(3, x, new float[4]);
    for (int t = 0; t < 10; t++) {
      assertEquals(one[2 * t], x[(t * 4 + 2) * 2]);
    }
  }

  private static float[] example(Split split, long seed, long index) {
    var x = new float[20];
    new AddingProblem(split, seed, 10).batch(index, x, new float[1]);
    return x;
  }

  @Test
  void theVarianceOfTheTargetIsASixth() {
    var y = new float[20_000];
    new AddingProblem(Split.TEST, 1, 2).batch(0, new float[80_000], y);
    // Five standard deviations: the fourth central moment is 7/180 of the squared range's.
    assertEquals(1 / 6.0, AddingProblem.variance(y), 5 * Math.sqrt(7 / 180.0 / 20_000));
    assertEquals(0.25, AddingProblem.variance(new float[] {0, 1, 1, 0}));
  }

  @Test
  void sizesAreChecked() {
    Refusals.call("2 to 65536 steps, got 1", () -> new AddingProblem(Split.TRAIN, 1, 1));
    var two = new AddingProblem(Split.TRAIN, 1, 2);
    Refusals.call("room for x [2, 3, 2]", () -> two.batch(0, new float[11], new float[3]));
    Refusals.call("got -1 and", () -> two.batch(-1, new float[12], new float[3]));
  }
}
