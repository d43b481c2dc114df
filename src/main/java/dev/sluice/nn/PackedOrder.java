package dev.sluice.nn;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Where each row of packed sequences stands. Of N sequences those that are not empty, N', are put
 * in order, the longest first, equal ones as they come; row by row a step holds those of them that
 * still go on.
 */
final class PackedOrder {
  private final int[] lengths;

  /** The sequence at each place. */
  private final int[] sequences;

  /**
   * @param lengths of N sequences, 0 or more
   */
  PackedOrder(int[] lengths) {
    this.lengths = lengths;
    this.sequences =
        IntStream.range(0, lengths.length)
            .boxed()
            .filter(n -> lengths[n] > 0)
            .sorted(Comparator.comparingInt(n -> -lengths[n]))
            .mapToInt(n -> n)
            .toArray();
  }

  /** The longest length, 0 where all are empty. */
  int steps() {
    return Arrays.stream(lengths).max().orElse(0);
  }

  /** N'. */
  int batch() {
    return sequences.length;
  }

  /** R. */
  int rows() {
    return Arrays.stream(lengths).sum();
  }

  /** The lengths in order, [N']. */
  int[] sorted() {
    return Arrays.stream(sequences).map(n -> lengths[n]).toArray();
  }

  /** The row of [T, N] that each packed row is, [R]. */
  int[] padded() {
    var rows = new int[rows()];
    int row = 0;
    for (int t = 0; row < rows.length; t++) {
      for (int place = 0; place < sequences.length && lengths[sequences[place]] > t; place++) {
        rows[row++] = t * lengths.length + sequences[place];
      }
    }
    return rows;
  }

  /** The sequence of [L D, N] that each of [L D, N'] is. */
  int[] states(int strands) {
    int[] rows = new int[strands * sequences.length];
    Arrays.setAll(
        rows, i -> i / sequences.length * lengths.length + sequences[i % sequences.length]);
    return rows;
  }

  /** Each of [L D, N] whose sequence is empty, -1 for the others. */
  int[] empty(int strands) {
    int[] rows = new int[strands * lengths.length];
    Arrays.setAll(rows, i -> lengths[i % lengths.length] == 0 ? i : -1);
    return rows;
  }

  /**
   * Where each of so many rows went, -1 for nowhere.
   *
   * @param rows that it came from
   */
  static int[] inverse(int[] rows, int count) {
    var to = new int[count];
    Arrays.fill(to, -1);
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] >= 0) {
        to[rows[i]] = i;
      }
    }
    return to;
  }
}
