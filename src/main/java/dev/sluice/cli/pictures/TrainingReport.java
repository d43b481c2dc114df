package dev.sluice.cli.pictures;

import dev.sluice.train.ForecastScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What came out of training a forecaster of frames, as a page that stands alone.
 *
 * @param title above the page
 * @param scores on test sequences
 * @param sequencesSeen {@code [reports]} training sequences seen at each report of the loss
 * @param loss {@code [reports]} the training loss at each
 * @param settings by name, in the order to show
 * @param command that does the same again
 * @param animation a GIF of test sequences
 * @param sheet a PNG of the same sequences
 */
public record TrainingReport(
    String title,
    ForecastScores scores,
    double[] sequencesSeen,
    double[] loss,
    Map<String, String> settings,
    String command,
    byte[] animation,
    byte[] sheet) {

  /** {@return the page, UTF-8} */
  public byte[] html() {
    var page = new Report(title);
    page.paragraph(summary());
    page.gif(
        "Sequences of unseen digits: what came, what was predicted, and where they differ.",
        animation);
    page.section("Scores")
        .table("", List.of("", "this model", "mean image", "last frame"), scoreRows());
    page.png("Mean squared error a pixel, frame by frame", errorCurve());
    page.png("Correlation with the truth, frame by frame", correlationCurve());
    page.section("Training").png("Loss of the training batches", lossCurve());
    page.section("Frames").png("Top to bottom: seen, truth, prediction, difference.", sheet);
    page.section("Settings").table("", List.of(), rows(settings));
    page.section("The same again").command(command);
    page.section("What the numbers mean").table("", List.of(), rows(ForecastScores.CONVENTIONS));
    return page.html();
  }

  /** {@return the training loss over the sequences seen, as a PNG} */
  public byte[] lossCurve() {
    var line = new Curve.Line("training loss", sequencesSeen, loss);
    return new Curve("Training loss", "sequences seen", "loss", true, List.of(line)).png();
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
        "On %,d sequences of digits that it never saw, the squared error is %.2f of the mean"
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

  private static List<List<String>> rows(Map<String, String> map) {
    return map.entrySet().stream().map(e -> List.of(e.getKey(), e.getValue())).toList();
  }
}
