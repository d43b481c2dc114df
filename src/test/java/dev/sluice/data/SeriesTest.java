package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeriesTest {
  @TempDir Path folder;

  @Test
  void sunspotsAreYearlyAndSplitAt1950() {
    var sunspots = Series.sunspots();
    assertEquals(309, sunspots.values().length);
    assertEquals(59, sunspots.test());
    assertEquals("1950", sunspots.times().get(sunspots.train()));
    assertEquals("2008", sunspots.times().getLast());
  }

  @Test
  void co2IsMonthlyWithItsGapsFilledFromThePast() {
    var co2 = Series.co2();
    assertEquals(526, co2.values().length);
    assertEquals(132, co2.test());
    assertEquals("1958-03", co2.times().getFirst());
    assertEquals("1991-01", co2.times().get(co2.train()));
    assertEquals(316.1, co2.values()[0], 1e-12);
    for (String gap : List.of("1958-06", "1958-10", "1964-02", "1964-03", "1964-04")) {
      int month = co2.times().indexOf(gap);
      assertEquals(co2.values()[month - 1], co2.values()[month], gap);
    }
  }

  @Test
  void baselinesOfSunspots() {
    var baselines = new SeriesBaselines(Series.sunspots(), 1);
    assertEquals(1101, baselines.persistence(), 0.5);
    assertEquals(1400, baselines.seasonal(11), 0.5);
    assertEquals(3332, baselines.trainMean(), 0.5);
    assertEquals(491, baselines.autoregression(2), 0.5);
    assertEquals(352, baselines.autoregression(9), 0.5);
  }

  @Test
  void baselinesOfCo2() {
    var month = new SeriesBaselines(Series.co2(), 1);
    assertEquals(1.630, month.persistence(), 5e-4);
    assertEquals(2.843, month.seasonal(12), 5e-4);
    assertEquals(0.152, month.growth(12), 5e-4);
    var year = new SeriesBaselines(Series.co2(), 12);
    assertEquals(2.843, year.persistence(), 5e-4);
    assertEquals(2.843, year.seasonal(12), 5e-4);
    assertEquals(1.219, year.growth(12), 5e-4);
  }

  @Test
  void anAutoregressionFindsTheRuleOfASeriesThatHasOne() {
    var values = new double[60];
    for (int i = 0; i < 60; i++) {
      values[i] = i < 2 ? 1 + 4 * i : 5 + 1.6 * values[i - 1] - 0.9 * values[i - 2];
    }
    var series = series(values, 40);
    assertEquals(0, new SeriesBaselines(series, 1).autoregression(2), 1e-12);
    assertEquals(0, new SeriesBaselines(series, 3).autoregression(2), 1e-12);
    assertEquals(0, new SeriesBaselines(series, 1).autoregression(9), 1e-12);
  }

  @Test
  void onlyBaselinesThatFitAreListed() {
    assertEquals(
        List.of("persistence", "train mean", "t-11", "t-11 + growth", "AR(2)", "AR(9)"),
        List.copyOf(new SeriesBaselines(Series.sunspots(), 1).all(11).keySet()));
    var few = new SeriesBaselines(series(new double[] {1, 2, 3}, 2), 1);
    assertEquals(List.of("persistence", "train mean"), List.copyOf(few.all(0).keySet()));
    Refusals.call("a period of the horizon, 12", () -> year().seasonal(11));
    Refusals.call("that fits 394 training values, got 390", () -> year().growth(390));
    Refusals.call("an order that 3 times over fits", () -> year().autoregression(200));
    Refusals.call("a horizon of 1 to 394, got 0", () -> new SeriesBaselines(Series.co2(), 0));
  }

  private static SeriesBaselines year() {
    return new SeriesBaselines(Series.co2(), 12);
  }

  @Test
  void readsAnyColumnAndFillsItsGaps() throws IOException {
    Path file = file("day,x,y\na,1,9\nb,,8\nc,3,7\nd,4,6\ne,5,5\n");
    var x = Series.read(file, "x");
    assertEquals("x", x.name());
    assertArrayEquals(new double[] {1, 1, 3, 4, 5}, x.values());
    assertEquals(List.of("a", "b", "c", "d", "e"), x.times());
    assertEquals(4, x.train());
    assertEquals(2, Series.read(file, "y", 0.5).train());
    assertEquals(List.of("line 2", "line 3"), Series.read(file("x\n1\n2\n"), "x").times());
  }

  @Test
  void refusesBadSeries() throws IOException {
    Path file = file("x,y\n,1\n2,2\n");
    Refusals.file("column: expected one of x, y, got z", () -> Series.read(file, "z"));
    Refusals.file("a number in its first record, got a gap", () -> Series.read(file, "x"));
    Refusals.call("share above 0 and below 1, got 1.0", () -> Series.read(file, "y", 1));
    Path one = file("x\n1\n");
    Refusals.file("a series of 2 values or more, got 1", () -> Series.read(one, "x"));
    Refusals.call("1 to test on", () -> series(new double[] {1, 2}, 2));
    Refusals.call("got NaN at 1", () -> series(new double[] {1, Double.NaN, 3}, 2));
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("s" + text.hashCode() + ".csv"), text);
  }

  static Series series(double[] values, int train) {
    var times = IntStream.range(0, values.length).mapToObj(Integer::toString).toList();
    return new Series("s", times, values, train);
  }
}
