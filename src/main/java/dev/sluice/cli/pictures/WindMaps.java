package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.END;
import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;
import static dev.sluice.cli.pictures.Lettering.Align.START;

import java.util.List;
import java.util.Locale;

/** Draws maps of the globe, one below the other, all in one scale of colours about 0. */
public final class WindMaps {
  private static final int MARGIN = 20;
  private static final int TITLE = 26;
  private static final int SCALE = 5;
  private static final int LEGEND = 40;
  private static final double PART_SHOWN = 0.99;

  private WindMaps() {}

  /**
   * One map.
   *
   * @param title above it
   * @param values {@code [height, width]} from the south to the north
   */
  public record Map(String title, float[] values) {}

  /**
   * {@return a PNG of the maps, north above}
   *
   * @param height rows of latitude
   * @param width columns of longitude
   * @param maps at least 1
   */
  public static byte[] png(int height, int width, List<Map> maps) {
    float most = most(maps);
    int each = TITLE + height * SCALE + MARGIN;
    var board = new Board(2 * MARGIN + width * SCALE, MARGIN + maps.size() * each + LEGEND, 1);
    int y = MARGIN;
    for (var map : maps) {
      board.heading(map.title, MARGIN, y + TITLE / 2.0 - 4, 15, START);
      var drawn = new float[height * width];
      for (int p = 0; p < drawn.length; p++) {
        int row = height - 1 - p / width;
        drawn[p] = map.values[row * width + p % width] / most;
      }
      board.frame(drawn, 0, height, width, Shade.DIFFERENCE, MARGIN, y + TITLE, SCALE);
      y += each;
    }
    legend(board, most, MARGIN + width * SCALE / 2, y);
    return board.png();
  }

  /** What all but a few values are below. */
  private static float most(List<Map> maps) {
    int count = maps.stream().mapToInt(map -> map.values.length).sum();
    var all = new float[count];
    int at = 0;
    for (var map : maps) {
      for (float value : map.values) {
        all[at++] = Math.abs(value);
      }
    }
    java.util.Arrays.sort(all);
    return Math.max(all[(int) (PART_SHOWN * (count - 1))], Float.MIN_NORMAL);
  }

  private static void legend(Board board, float most, int middle, int y) {
    int half = 120;
    for (int i = -half; i < half; i++) {
      board.fill(Shade.DIFFERENCE.of((i + 0.5f) / half), middle + i, y, 1, 12);
    }
    String number = String.format(Locale.ROOT, "%.1f", most);
    board.pale("-" + number, middle - half - 8, y + 6, 13, END);
    board.pale("+" + number + " m/s", middle + half + 8, y + 6, 13, START);
    board.pale("0", middle, y + 22, 12, MIDDLE);
  }
}
