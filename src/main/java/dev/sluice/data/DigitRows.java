package dev.sluice.data;

import dev.sluice.Shape;
import java.util.Arrays;
import java.util.Objects;

/**
 * x: [28, N, 28] and N labels: handwritten digits read row by row, from the top, values 0 to 1. The
 * first bundled digits are for training, the last 2,000 for testing.
 *
 * @param train how many are for training, 1 to 8,000
 */
public record DigitRows(int train) {
  /** How many there are to train on at most. */
  public static final int MOST = Digits.count(Split.TRAIN);

  /** Checks the size. */
  public DigitRows {
    if (train < 1 || train > MOST) {
      throw new IllegalArgumentException(
          "digits by row: expected 1 to %d digits to train on, got %d".formatted(MOST, train));
    }
  }

  /**
   * {@return how many digits a split has}
   *
   * @param split which
   */
  public int count(Split split) {
    return split == Split.TRAIN ? train : Digits.count(Split.TEST);
  }

  /**
   * {@return [28, N, 28]: some digits and what they show}
   *
   * @param split which
   * @param picks N of them, each 0 to {@code count(split) - 1}
   */
  public SequenceBatch batch(Split split, int... picks) {
    int n = picks.length;
    int size = Digits.SIZE;
    var x = new float[size * n * size];
    var digit = new float[size * size];
    var labels = new int[n];
    for (int i = 0; i < n; i++) {
      int index = Digits.first(split) + Objects.checkIndex(picks[i], count(split));
      Digits.bundled().copy(index, digit, 0);
      labels[i] = Digits.bundled().label(index);
      for (int row = 0; row < size; row++) {
        System.arraycopy(digit, row * size, x, (row * n + i) * size, size);
      }
    }
    var lengths = new int[n];
    Arrays.fill(lengths, size);
    return new SequenceBatch(Shape.of(size, n, size), x, lengths, labels);
  }
}
