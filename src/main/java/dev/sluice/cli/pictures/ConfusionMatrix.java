package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.END;
import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;
import static dev.sluice.cli.pictures.Lettering.Align.START;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;

/**
 * How often a class was taken for another: a row for each class, a column for what it was taken
 * for. A square is the darker, the larger its share of the row.
 *
 * @param classes K names
 * @param counts {@code [K][K]}
 */
public record ConfusionMatrix(List<String> classes, long[][] counts) {
  private static final int LEFT = 150;
  private static final int TOP = 64;
  private static final int MARGIN = 24;
  private static final int LETTERS = 16;
  // Beyond this many classes numbers would not fit their squares.
  private static final int NUMBERED = 24;

  /** Checks that there is a row and a column for each class. */
  public ConfusionMatrix {
    classes = List.copyOf(classes);
    int k = classes.size();
    if (k < 1 || counts.length != k || Arrays.stream(counts).anyMatch(row -> row.length != k)) {
      throw new IllegalArgumentException(
          "confusion matrix: expected a row and a column for each of %d classes".formatted(k));
    }
  }

  /** {@return the picture, sharp on fine screens} */
  public byte[] png() {
    int side = Math.clamp(560 / classes.size(), 6, 64);
    int width = LEFT + Math.max(classes.size() * side, 260) + MARGIN;
    var board = new Board(width, TOP + classes.size() * side + MARGIN, 2);
    board.heading("What each class was taken for", LEFT, 18, 16, START);
    for (int row = 0; row < counts.length; row++) {
      double middle = TOP + (row + 0.5) * side;
      if (side >= 12) {
        board.text(cut(classes.get(row), LETTERS), LEFT - 10, middle, 12, END);
        String above = cut(classes.get(row), Math.max(1, side / 8));
        board.text(above, LEFT + (row + 0.5) * side, TOP - 12, 12, MIDDLE);
      }
      row(board, row, side, middle);
    }
    return board.png();
  }

  private void row(Board board, int row, int side, double middle) {
    long all = Arrays.stream(counts[row]).sum();
    for (int column = 0; column < counts.length; column++) {
      long count = counts[row][column];
      double share = all == 0 ? 0 : count / (double) all;
      double x = LEFT + column * side;
      board.fill(shade(share, row == column), x, TOP + row * side, side - 1, side - 1);
      if (count > 0 && counts.length <= NUMBERED) {
        board.graphics().setColor(share > 0.4 ? Color.WHITE : Lettering.INK);
        Lettering.write(
            board.graphics(), String.valueOf(count), x + side / 2.0, middle, 12, false, MIDDLE);
      }
    }
  }

  /** White to blue on the diagonal, white to orange beside it. */
  private static int shade(double share, boolean right) {
    int full = right ? 0x0072b2 : 0xd55e00;
    int colour = 0;
    // A root, so that a few mistakes can be seen.
    double strength = Math.sqrt(share);
    for (int shift = 16; shift >= 0; shift -= 8) {
      int to = full >> shift & 0xff;
      colour |= (int) Math.round(0xf4 + (to - 0xf4) * strength) << shift;
    }
    return colour;
  }

  private static String cut(String name, int letters) {
    return name.length() <= letters ? name : name.substring(0, Math.max(1, letters - 1)) + "\u2026";
  }
}
