package dev.sluice.data;

import dev.sluice.FormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * One number after the other, equally far apart: the first are for training, the others for
 * testing. Every mean and scale that a model or a baseline uses comes from the first.
 *
 * @param name for messages and reports
 * @param times what each value belongs to: a year, a month, a line of the file
 * @param values of the series, finite
 * @param train how many are for training, at least 1 and fewer than all
 */
public record Series(String name, List<String> times, double[] values, int train) {
  private static final double TRAIN_SHARE = 0.8;

  /** Checks the sizes and the values. */
  public Series {
    times = List.copyOf(times);
    if (times.size() != values.length || train < 1 || train >= values.length) {
      throw new IllegalArgumentException(
          "series %s: expected at least 1 value to train and 1 to test on, got %d values, %d times"
                  .formatted(name, values.length, times.size())
              + " and a training part of "
              + train);
    }
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "series %s: expected finite values, got %s at %s"
                .formatted(name, values[i], times.get(i)));
      }
    }
  }

  /** {@return yearly sunspot numbers, 1700 to 2008; 1950 and later for testing} */
  public static Series sunspots() {
    var csv = Csv.parse(TextLines.resource("series/sunspots.csv"), "series/sunspots.csv");
    var years = csv.records().stream().map(record -> record.get(0)).toList();
    return new Series("sunspots", years, csv.numbers("SUNACTIVITY"), years.indexOf("1950"));
  }

  /**
   * {@return CO2 in the air over Mauna Loa, monthly means of weekly values in parts per million,
   * 1958-03 to 2001-12; 1991 and later for testing} Five months without a value repeat the month
   * before.
   */
  public static Series co2() {
    var csv = Csv.parse(TextLines.resource("series/co2.csv"), "series/co2.csv");
    var weekly = csv.numbers("co2");
    var months = new TreeMap<String, List<Double>>();
    for (int i = 0; i < weekly.length; i++) {
      String date = csv.records().get(i).get(0);
      var month =
          months.computeIfAbsent(
              date.substring(0, 4) + "-" + date.substring(4, 6), m -> new ArrayList<>());
      if (!Double.isNaN(weekly[i])) {
        month.add(weekly[i]);
      }
    }
    var times = List.copyOf(months.keySet());
    var means =
        months.values().stream()
            .mapToDouble(
                month ->
                    month.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN))
            .toArray();
    return new Series("co2", times, filled(means, csv.name(), "co2"), times.indexOf("1991-01"));
  }

  /**
   * Reads a column of a CSV file, the first 80 % of its values for training. A gap repeats the
   * value before it, never one that comes later.
   *
   * @param file with a line of column names
   * @param column with the numbers
   * @return the series
   * @throws FormatException if there is no such column, or it does not hold a series
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public static Series read(Path file, String column) {
    return read(file, column, TRAIN_SHARE);
  }

  /**
   * Reads a column of a CSV file.
   *
   * @param file with a line of column names
   * @param column with the numbers
   * @param share of the values for training, the first; above 0 and below 1
   * @return the series
   * @throws FormatException if there is no such column, or it does not hold a series
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public static Series read(Path file, String column, double share) {
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException(
          "series: expected a training share above 0 and below 1, got " + share);
    }
    var csv = Csv.read(file);
    var values = filled(csv.numbers(column), csv.name(), column);
    if (values.length < 2) {
      throw new FormatException(file, "expected a series of 2 values or more, got 1");
    }
    int train = Math.clamp((int) (values.length * share), 1, values.length - 1);
    return new Series(column.strip(), times(csv, column), values, train);
  }

  /** The first column says when, unless it is the series itself. */
  private static List<String> times(Csv csv, String column) {
    if (csv.index(column) > 0) {
      return csv.records().stream().map(record -> record.get(0)).toList();
    }
    return Arrays.stream(csv.lines()).mapToObj(line -> "line " + line).toList();
  }

  private static double[] filled(double[] values, String name, String column) {
    if (Double.isNaN(values[0])) {
      throw new FormatException(
          name + ": column " + column + ": expected a number in its first record, got a gap");
    }
    for (int i = 1; i < values.length; i++) {
      values[i] = Double.isNaN(values[i]) ? values[i - 1] : values[i];
    }
    return values;
  }

  /** {@return how many values are for testing} */
  public int test() {
    return values.length - train;
  }
}
