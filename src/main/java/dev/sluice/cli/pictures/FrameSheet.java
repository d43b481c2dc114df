package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.END;
import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;
import static dev.sluice.cli.pictures.Lettering.Align.START;

import java.util.List;

/** Draws sequences as rows of frames: seen, truth, prediction, and their difference. */
public final class FrameSheet {
  private static final int MARGIN = 20;
  private static final int LABELS = 92;
  private static final int GAP = 4;
  private static final int NUMBERS = 22;
  private static final int LEGEND = 44;
  private static final int GOAL_WIDTH = 1500;

  private FrameSheet() {}

  /**
   * {@return a PNG of these sequences, one below the other}
   *
   * @param clips at least 1, all of one frame size
   */
  public static byte[] png(List<Clip> clips) {
    Clip first = first(clips);
    int columns =
        clips.stream()
            .mapToInt(clip -> Math.max(clip.seenFrames(), clip.predictedFrames()))
            .max()
            .orElseThrow();
    int room = (GOAL_WIDTH - 2 * MARGIN - LABELS) / columns - GAP;
    int scale = Math.max(1, room / first.width());
    int width = 2 * MARGIN + LABELS + columns * (first.width() * scale + GAP) - GAP;
    int height = clips.stream().mapToInt(clip -> height(clip, scale)).sum() + 2 * MARGIN;
    boolean legend = clips.stream().anyMatch(Clip::truthKnown);
    var board = new Board(Math.max(width, 480), height + (legend ? LEGEND - MARGIN : 0), 1);
    int y = MARGIN;
    for (Clip clip : clips) {
      draw(board, clip, y, scale);
      y += height(clip, scale);
    }
    if (legend) {
      legend(board, y + LEGEND / 2);
    }
    return board.png();
  }

  static Clip first(List<Clip> clips) {
    if (clips.isEmpty()) {
      throw new IllegalArgumentException("expected 1 or more sequences to draw, got 0");
    }
    Clip first = clips.getFirst();
    for (Clip clip : clips) {
      if (clip.height() != first.height() || clip.width() != first.width()) {
        throw new IllegalArgumentException(
            "expected sequences of one frame size, got %dx%d and %dx%d"
                .formatted(first.height(), first.width(), clip.height(), clip.width()));
      }
    }
    return first;
  }

  private static int height(Clip clip, int scale) {
    int rows = clip.truthKnown() ? 4 : 2;
    return rows * (clip.height() * scale + GAP) + 2 * NUMBERS + NUMBERS / 2;
  }

  private static void draw(Board board, Clip clip, int top, int scale) {
    int y = top;
    numbers(board, clip, 1, clip.seenFrames(), y, scale);
    y += NUMBERS;
    y = row(board, clip, "seen", clip.seen(), Shade.GREY, y, scale);
    numbers(board, clip, clip.seenFrames() + 1, clip.predictedFrames(), y, scale);
    y += NUMBERS;
    if (clip.truthKnown()) {
      y = row(board, clip, "truth", clip.truth(), Shade.GREY, y, scale);
    }
    y = row(board, clip, "prediction", clip.predicted(), Shade.GREY, y, scale);
    if (clip.truthKnown()) {
      row(board, clip, "difference", clip.difference(), Shade.DIFFERENCE, y, scale);
    }
  }

  private static void numbers(Board board, Clip clip, int first, int count, int y, int scale) {
    double side = clip.width() * scale;
    board.pale("frame", MARGIN + LABELS - 12, y + NUMBERS / 2.0, 13, END);
    for (int t = 0; t < count; t++) {
      double x = MARGIN + LABELS + t * (side + GAP) + side / 2;
      board.pale(String.valueOf(first + t), x, y + NUMBERS / 2.0, 13, MIDDLE);
    }
  }

  private static int row(
      Board board, Clip clip, String label, float[] frames, Shade shade, int y, int scale) {
    int side = clip.height() * scale;
    board.heading(label, MARGIN + LABELS - 12, y + side / 2.0, 14, END);
    for (int t = 0; t * clip.height() * clip.width() < frames.length; t++) {
      int x = MARGIN + LABELS + t * (clip.width() * scale + GAP);
      board.frame(frames, t, clip.height(), clip.width(), shade, x, y, scale);
    }
    return y + side + GAP;
  }

  private static void legend(Board board, int y) {
    int x = MARGIN + LABELS;
    board.pale("prediction too dark", x, y, 13, START);
    int bar = x + 142;
    for (int i = 0; i < 120; i++) {
      board.fill(Shade.DIFFERENCE.of((i - 59.5f) / 59.5f), bar + i, y - 6, 1, 12);
    }
    board.pale("too bright", bar + 132, y, 13, START);
  }
}
