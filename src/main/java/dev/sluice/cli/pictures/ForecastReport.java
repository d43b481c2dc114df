package dev.sluice.cli.pictures;

import dev.sluice.train.ForecastScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a forecaster of frames is worth, beside its baselines.
 *
 * @param scores on test sequences
 * @param animation a GIF of test sequences
 * @param sheet a PNG of the same sequences
 */
public record ForecastReport(ForecastScores scores, byte[] animation, byte[] sheet) {

  /**
   * Shows summary, frames, scores and curves.
   *
   * @param page to which they are added
   */
  public void show(Report page) {
    page.paragraph(summary());
    page.gif("Test sequences: what came, what was predicted, and where they differ.", animation);
    page.section("Scores")
        .table("", List.of("", "this model", "mean image", "last frame"), scoreRows());
    page.png("Mean squared error a pixel, frame by frame", errorCurve());
    page.png("Correlation with the truth, frame by frame", correlationCurve());
    page.section("Frames").png("Top to bottom: seen, truth, prediction, difference.", sheet);
  }

  private byte[] errorCurve() {
    return perFrame(
        "Error by predicted frame",
        "squared error a pixel",
        scores.model().mse(),
        scores.meanImage().mse(),
        scores.lastFrame().mse());
  }

  private byte[] correlationCurve() {
    return perFrame(
        "Correlation by predicted frame",
        "correlation",
        scores.model().correlation(),
        scores.meanImage().correlation(),
        scores.lastFrame().correlation());
  }

  private static byte[] perFrame(
      String title, String yLabel, double[] model, double[] meanImage, double[] lastFrame) {
    var lines =
        List.of(
            Curve.Line.numbered("this model", model),
            Curve.Line.numbered("mean image", meanImage),
            Curve.Line.numbered("last frame repeated", lastFrame));
    return new Curve(title, "predicted frame", yLabel, true, lines).png();
  }

  private String summary() {
    int frames = scores.frames();
    int first = Math.min(3, frames);
    return String.format(
        Locale.ROOT,
        "On %,d sequences that it never saw, the squared error is %.2f of the mean"
            + " training image's over all %d frames and %.2f over frames 1 to %d; below 1 is"
            + " better. Repeating the last frame would have %.2f.",
        scores.sequences(),
        scores.overMeanImage(frames),
        frames,
        scores.overMeanImage(first),
        first,
        scores.lastFrame().mse(frames) / scores.meanImage().mse(frames));
  }

  private List<List<String>> scoreRows() {
    int frames = scores.frames();
    int first = Math.min(3, frames);
    var rows = new ArrayList<List<String>>();
    rows.add(mseRow("squared error, all frames", frames));
    rows.add(mseRow("squared error, frames 1 to " + first, first));
    rows.add(
        List.of(
            "correlation at frame " + first,
            number(scores.model().correlation()[first - 1]),
            number(scores.meanImage().correlation()[first - 1]),
            number(scores.lastFrame().correlation()[first - 1])));
    rows.add(List.of("absolute error", number(scores.mae()), "", ""));
    rows.add(List.of("SSIM", number(scores.ssim()), "", ""));
    rows.add(List.of("PSNR, dB", String.format(Locale.ROOT, "%.2f", scores.psnr()), "", ""));
    return rows;
  }

  private List<String> mseRow(String name, int frames) {
    return List.of(
        name,
        number(scores.model().mse(frames)),
        number(scores.meanImage().mse(frames)),
        number(scores.lastFrame().mse(frames)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
