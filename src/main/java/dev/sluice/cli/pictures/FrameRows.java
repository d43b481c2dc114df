package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.END;
import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;

import java.util.List;

/**
 * Rows of frames below each other, each with its name: what came, and what several models made of
 * it.
 *
 * @param height of a frame in pixels
 * @param width of a frame in pixels
 * @param first the number of the first frame of a row
 * @param rows at least 1
 */
public record FrameRows(int height, int width, int first, List<Row> rows) {
  private static final int MARGIN = 16;
  private static final int GAP = 4;
  private static final int NUMBERS = 22;
  private static final int GOAL_WIDTH = 1600;
  private static final int LARGEST = 4;

  /**
   * One row.
   *
   * @param name at its left
   * @param frames [T, height, width], 0 black to 1 white; not copied
   */
  public record Row(String name, float[] frames) {}

  /** Checks the sizes. */
  public FrameRows {
    rows = List.copyOf(rows);
    for (var row : rows) {
      if (row.frames.length == 0 || row.frames.length % (height * width) != 0) {
        throw new IllegalArgumentException(
            "FrameRows: expected %s to be 1 or more whole frames of %dx%d, got %d values"
                .formatted(row.name, height, width, row.frames.length));
      }
    }
  }

  /** {@return the picture as a PNG} */
  public byte[] png() {
    int columns = rows.stream().mapToInt(this::count).max().orElse(1);
    int left = MARGIN + labels() + 12;
    int scale = Math.clamp(((GOAL_WIDTH - left) / columns - GAP) / width, 1, LARGEST);
    int cell = width * scale + GAP;
    int line = height * scale + GAP;
    var board =
        new Board(left + columns * cell + MARGIN, 2 * MARGIN + NUMBERS + rows.size() * line, 1);
    for (int t = 0; t < columns; t++) {
      double x = left + t * cell + width * scale / 2.0;
      board.pale(String.valueOf(first + t), x, MARGIN + NUMBERS / 2.0, 13, MIDDLE);
    }
    int y = MARGIN + NUMBERS;
    for (var row : rows) {
      board.text(row.name, left - 12, y + height * scale / 2.0, 14, END);
      for (int t = 0; t < count(row); t++) {
        int x = left + t * cell;
        board.frame(row.frames, t, height, width, Shade.GREY, x, y, scale);
      }
      y += line;
    }
    return SmallPng.of(board.image());
  }

  /** The width of the longest name. */
  private int labels() {
    var graphics = new Board(1, 1, 1).graphics();
    return (int)
        rows.stream().mapToDouble(row -> Lettering.width(graphics, row.name, 14)).max().orElse(0);
  }

  private int count(Row row) {
    return row.frames.length / (height * width);
  }
}
