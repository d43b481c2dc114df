package dev.sluice.cli;

import java.util.HashSet;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The seeds of runs that differ in nothing else.
 *
 * @param values two or more
 */
record Seeds(List<Long> values) {
  private static final long MOST = 1000;

  Seeds {
    values = List.copyOf(values);
  }

  /** {@return what --seeds says: a list, or how many from 1 on} */
  static Seeds of(List<Long> typed) {
    boolean count = typed.size() == 1;
    long first = typed.getFirst();
    boolean fits =
        count ? first >= 1 && first <= MOST : new HashSet<>(typed).size() == typed.size();
    if (!fits) {
      throw new IllegalArgumentException(
          "--seeds: expected how many, 1 to %d, or different seeds 0,1,2, got %s"
              .formatted(MOST, typed.toString().replaceAll("[\\[\\] ]", "")));
    }
    return new Seeds(count ? LongStream.rangeClosed(1, first).boxed().toList() : typed);
  }
}
