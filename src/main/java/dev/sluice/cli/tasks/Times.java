package dev.sluice.cli.tasks;

import java.util.List;
import java.util.stream.IntStream;

/**
 * When the values of a series were, as numbers for a picture: years, months as parts of a year,
 * otherwise 0, 1, 2, ...
 *
 * @param names of the times
 */
record Times(List<String> names) {
  private static final String YEAR = "\\d{4}";
  private static final String MONTH = "\\d{4}-\\d\\d";

  private boolean all(String pattern) {
    return names.stream().allMatch(name -> name.matches(pattern));
  }

  String label() {
    return all(YEAR) || all(MONTH) ? "year" : "value";
  }

  /** {@return the times of the values from one to before another} */
  double[] range(int from, int to) {
    boolean years = all(YEAR);
    boolean months = all(MONTH);
    return IntStream.range(from, to)
        .mapToDouble(i -> years ? year(i) : months ? year(i) + (month(i) - 1) / 12.0 : i)
        .toArray();
  }

  private int year(int i) {
    return Integer.parseInt(names.get(i).substring(0, 4));
  }

  private int month(int i) {
    return Integer.parseInt(names.get(i).substring(5));
  }
}
