package dev.sluice.data;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which names someone may have meant who wrote one that is not there. */
public final class Nearest {
  private static final int MOST = 5;

  private Nearest() {}

  /**
   * {@return the names nearest to a wrong one, nearest first, at most 5} By the number of letters
   * to insert, delete or replace (Levenshtein 1966), capitals or not; equals stay in their order.
   *
   * @param wrong what was written
   * @param names what there is
   */
  public static List<String> to(String wrong, Collection<String> names) {
    return names.stream()
        .sorted(Comparator.comparingInt(name -> distance(lower(wrong), lower(name))))
        .limit(MOST)
        .toList();
  }

  /**
   * {@return {@code expected one of a, b, c, got x}, the nearest names first}
   *
   * @param wrong what was written
   * @param names what there is
   */
  public static String expected(String wrong, Collection<String> names) {
    String more = names.size() > MOST ? " (%d in all)".formatted(names.size()) : "";
    return to(wrong, names).stream().collect(Collectors.joining(", ", "expected one of ", ""))
        + more
        + ", got "
        + wrong;
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int corner = row[0]++;
      for (int j = 1; j <= b.length(); j++) {
        int replace = corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        corner = row[j];
        row[j] = Math.min(replace, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
