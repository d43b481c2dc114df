package dev.sluice.cli.pictures;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What came out of a training run, as a page that stands alone.
 *
 * @param title above the page
 * @param findings adds what the network is worth
 * @param losses the training loss over the sequences seen, and that of the validation
 * @param settings by name, in the order to show
 * @param command that does the same again
 * @param conventions what the numbers mean, by name; may be empty
 */
public record TrainingReport(
    String title,
    Consumer<Report> findings,
    List<Curve.Line> losses,
    Map<String, String> settings,
    String command,
    Map<String, String> conventions) {

  /** {@return the page, UTF-8} */
  public byte[] html() {
    var page = new Report(title);
    findings.accept(page);
    page.section("Training").png("Loss of the training batches", lossCurve());
    page.section("Settings").table("", List.of(), rows(settings));
    page.section("The same again").command(command);
    if (!conventions.isEmpty()) {
      page.section("What the numbers mean").table("", List.of(), rows(conventions));
    }
    return page.html();
  }

  private byte[] lossCurve() {
    return new Curve("Loss", "sequences seen", "loss", true, losses).png();
  }

  private static List<List<String>> rows(Map<String, String> map) {
    return map.entrySet().stream().map(e -> List.of(e.getKey(), e.getValue())).toList();
  }
}
