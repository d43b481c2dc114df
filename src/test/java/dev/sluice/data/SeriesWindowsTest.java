package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SeriesWindowsTest {
  // Levels 0 1 4 9 .. 81, six for training: their changes are 1 3 5 7 9, mean 5, variance 8.
  private static final double[] SQUARES = IntStream.range(0, 10).mapToDouble(i -> i * i).toArray();

  @Test
  void levelsAreScaledByTheTrainingPart() {
    var windows = new SeriesWindows(SeriesTest.series(SQUARES, 6), 2, 1, false);
    assertEquals(4, windows.count(Split.TRAIN));
    assertEquals(4, windows.count(Split.TEST));
    assertEquals(2, windows.target(Split.TRAIN, 0));
    assertEquals(6, windows.target(Split.TEST, 0));
    var x = new float[4];
    var y = new float[2];
    windows.batch(Split.TEST, new int[] {0, 3}, x, y);
    double mean = 55 / 6.0;
    double deviation = Math.sqrt((0 + 1 + 16 + 81 + 256 + 625) / 6.0 - mean * mean);
    double[] levels = {16, 49, 25, 64};
    for (int i = 0; i < 4; i++) {
      assertEquals((levels[i] - mean) / deviation, x[i], 1e-6);
    }
    assertEquals((81 - mean) / deviation, y[1], 1e-6);
  }

  @Test
  void differencesAreChangesFromTheLastValueSeen() {
    var windows = new SeriesWindows(SeriesTest.series(SQUARES, 6), 2, 2, true);
    assertEquals(2, windows.count(Split.TRAIN));
    assertEquals(4, windows.target(Split.TRAIN, 0));
    var x = new float[2];
    var y = new float[1];
    windows.batch(Split.TEST, new int[] {0}, x, y);
    assertEquals((5 - 5) / Math.sqrt(8), x[0], 1e-6);
    assertEquals((7 - 5) / Math.sqrt(8), x[1], 1e-6);
    // Training changes over two steps: 4 8 12 16.
    assertEquals((20 - 10) / Math.sqrt(20), y[0], 1e-6);
    assertEquals(36, windows.forecasts(Split.TEST, new float[] {y[0], 0, 0, 0})[0], 1e-4);
  }

  @Test
  void perfectOutputsHaveNoErrorAndWrongOnesHaveTheirs() {
    for (boolean differences : new boolean[] {false, true}) {
      var windows = new SeriesWindows(SeriesTest.series(SQUARES, 6), 1, 1, differences);
      var y = new float[4];
      windows.batch(Split.TEST, new int[] {0, 1, 2, 3}, new float[4], y);
      assertEquals(0, windows.mse(Split.TEST, y), 1e-8);
      float[] latest = windows.latest();
      double seen = differences ? (17 - 5) / Math.sqrt(8) : (81 - 55 / 6.0) / deviation();
      assertEquals(seen, latest[0], 1e-6);
    }
    var windows = new SeriesWindows(SeriesTest.series(SQUARES, 6), 1, 1, true);
    // The mean training change, 5, for changes of 11, 13, 15, 17.
    assertEquals((36 + 64 + 100 + 144) / 4.0, windows.mse(Split.TEST, new float[4]), 1e-6);
    assertEquals(86, windows.next(0), 1e-9);
  }

  private static double deviation() {
    return Math.sqrt(979 / 6.0 - 55 / 6.0 * (55 / 6.0));
  }

  @Test
  void nothingAtOrAfterATargetIsSeenAndNothingOfTheTestScales() {
    double[] changed = SQUARES.clone();
    for (int i = 7; i < 10; i++) {
      changed[i] = -1000;
    }
    for (boolean differences : new boolean[] {false, true}) {
      float[] before = inputs(SQUARES, differences, 1);
      assertArrayEquals(before, inputs(changed, differences, 1));
      assertNotEquals(before[0], inputs(changed, differences, 2)[0]);
    }
  }

  private static float[] inputs(double[] values, boolean differences, int window) {
    var x = new float[2];
    var windows = new SeriesWindows(SeriesTest.series(values, 6), 2, 1, differences);
    windows.batch(Split.TEST, new int[] {window + (window == 2 ? 1 : 0)}, x, new float[1]);
    return x;
  }

  @Test
  void aConstantSeriesStaysFinite() {
    var flat = new double[8];
    Arrays.fill(flat, 3);
    var windows = new SeriesWindows(SeriesTest.series(flat, 6), 2, 1, false);
    assertArrayEquals(new float[2], windows.latest());
  }

  @Test
  void refusesValuesWithoutADeviation() {
    double[] huge = {1e308, -1e308, 1e308, -1e308, 1e308, -1e308, 1e308, -1e308};
    Refusals.call(
        "expected values whose squares can be summed",
        () -> new SeriesWindows(SeriesTest.series(huge, 6), 2, 1, false));
    Refusals.call(
        "expected values whose squares can be summed",
        () -> new SeriesWindows(SeriesTest.series(huge, 6), 2, 1, true));
  }

  @Test
  void refusesSeriesShorterThanTheWindow() {
    var series = SeriesTest.series(SQUARES, 6);
    Refusals.call(
        "expected more than 6 training values for a window of 6 and a horizon of 1, got 6",
        () -> new SeriesWindows(series, 6, 1, false));
    Refusals.call(
        "expected more than 6 training values", () -> new SeriesWindows(series, 5, 1, true));
    Refusals.call("got 0 and 1", () -> new SeriesWindows(series, 0, 1, false));
    var windows = new SeriesWindows(series, 2, 1, false);
    Refusals.call(
        "room for x [2, 1, 1] and y [1, 1]",
        () -> windows.batch(Split.TEST, new int[1], new float[3], new float[1]));
    Refusals.call(
        "expected 4 outputs, one a window, got 3", () -> windows.mse(Split.TEST, new float[3]));
  }
}
