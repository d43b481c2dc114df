package dev.sluice.cli.pictures;

import static dev.sluice.cli.pictures.Lettering.Align.MIDDLE;
import static dev.sluice.cli.pictures.Lettering.Align.START;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Animates sequences: first the frames seen, then truth, prediction and difference side by side; a
 * sequence a row.
 */
public final class PredictionGif {
  /** The colour of everything about the prediction. */
  static final int ACCENT = 0xd95f02;

  private static final int EMPTY = 0xe8e8e8;
  private static final int MARGIN = 16;
  private static final int GAP = 12;
  private static final int TITLES = 26;
  private static final int FOOT = 34;
  private static final int FRAME_HUNDREDTHS = 16;
  private static final int LAST_HUNDREDTHS = 120;

  private final List<Clip> clips;
  private final int scale;
  private final Clip first;
  private final int panels;
  private final int panelWidth;
  private final int panelHeight;

  private PredictionGif(List<Clip> clips, int scale) {
    this.clips = clips;
    this.scale = scale;
    first = FrameSheet.first(clips);
    panels = first.truthKnown() ? 3 : 1;
    panelWidth = first.width() * scale;
    panelHeight = first.height() * scale;
  }

  /**
   * {@return the animation as a GIF that loops for ever}
   *
   * @param clips at least 1, all equally long, of one frame size, and all with or all without truth
   * @param scale pixels on the screen for a pixel of a frame, each way; 3 suits 64x64
   */
  public static byte[] gif(List<Clip> clips, int scale) {
    return new PredictionGif(clips, scale).encode();
  }

  private byte[] encode() {
    for (Clip clip : clips) {
      if (clip.seen().length != first.seen().length
          || clip.predicted().length != first.predicted().length
          || clip.truthKnown() != first.truthKnown()) {
        throw new IllegalArgumentException(
            "PredictionGif: expected sequences of one length, got %d and %d frames"
                .formatted(
                    first.seenFrames() + first.predictedFrames(),
                    clip.seenFrames() + clip.predictedFrames()));
      }
    }
    int frames = first.seenFrames() + first.predictedFrames();
    var images = new ArrayList<BufferedImage>();
    for (int t = 0; t < frames; t++) {
      images.add(frame(t));
    }
    var hundredths = new int[frames];
    Arrays.fill(hundredths, FRAME_HUNDREDTHS);
    hundredths[frames - 1] = LAST_HUNDREDTHS;
    return Gif.encode(images, hundredths);
  }

  private BufferedImage frame(int t) {
    int width = 2 * MARGIN + panels * (panelWidth + GAP) - GAP;
    int height = MARGIN + TITLES + clips.size() * (panelHeight + GAP) - GAP + FOOT + MARGIN;
    var board = new Board(Math.max(width, 200), height, 1);
    int predicted = t - first.seenFrames();
    titles(board, predicted >= 0);
    for (int row = 0; row < clips.size(); row++) {
      panels(board, clips.get(row), t, predicted, MARGIN + TITLES + row * (panelHeight + GAP));
    }
    foot(board, t, height - MARGIN - FOOT);
    return board.image();
  }

  private int x(int panel) {
    return MARGIN + panel * (panelWidth + GAP);
  }

  private void titles(Board board, boolean predicting) {
    String[] titles =
        panels == 1
            ? new String[] {predicting ? "prediction" : "seen"}
            : new String[] {predicting ? "truth" : "seen", "prediction", "difference"};
    for (int panel = 0; panel < panels; panel++) {
      double centre = x(panel) + panelWidth / 2.0;
      board.heading(titles[panel], centre, MARGIN + TITLES / 2.0 - 4, 15, MIDDLE);
    }
  }

  private void panels(Board board, Clip clip, int t, int predicted, int y) {
    if (panels == 1) {
      grey(
          board,
          predicted < 0 ? clip.seen() : clip.predicted(),
          predicted < 0 ? t : predicted,
          0,
          y);
    } else if (predicted < 0) {
      grey(board, clip.seen(), t, 0, y);
      board.fill(EMPTY, x(1), y, panelWidth, panelHeight);
      board.fill(EMPTY, x(2), y, panelWidth, panelHeight);
    } else {
      grey(board, clip.truth(), predicted, 0, y);
      grey(board, clip.predicted(), predicted, 1, y);
      draw(board, clip.difference(), predicted, Shade.DIFFERENCE, 2, y);
    }
  }

  private void grey(Board board, float[] frames, int t, int panel, int y) {
    draw(board, frames, t, Shade.GREY, panel, y);
  }

  private void draw(Board board, float[] frames, int t, Shade shade, int panel, int y) {
    board.frame(frames, t, first.height(), first.width(), shade, x(panel), y, scale);
  }

  private void foot(Board board, int t, int y) {
    int seen = first.seenFrames();
    int all = seen + first.predictedFrames();
    double width = x(panels - 1) + panelWidth - MARGIN;
    double step = width / all;
    board.fill(EMPTY, MARGIN, y + 12, width, 5);
    board.fill(0x777777, MARGIN, y + 12, step * Math.min(t + 1, seen), 5);
    if (t >= seen) {
      board.fill(ACCENT, MARGIN + step * seen, y + 12, step * (t + 1 - seen), 5);
    }
    String text =
        t < seen
            ? "seen: frame %d of %d".formatted(t + 1, seen)
            : "predicted: frame %d of %d".formatted(t + 1 - seen, all - seen);
    board.text(text, MARGIN, y + 30, 13, START);
  }
}
