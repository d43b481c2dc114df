package dev.sluice.cli;

import dev.sluice.cli.pictures.Curve;
import dev.sluice.cli.pictures.Report;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.weights.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What runs of several seeds found together, as files.
 *
 * @param settings of them all
 * @param scores of the runs
 * @param folder of all
 */
record SeedsReport(Map<String, Object> settings, SeedScores scores, RunFolder folder) {
  private List<Long> seeds() {
    return scores.seeds().values();
  }

  void write() {
    folder.write(RunFolder.REPORT, page());
    // Last: its presence says that all is finished.
    folder.write(RunFolder.METRICS, Json.writePretty(scores.toMap()));
  }

  private byte[] page() {
    var page =
        new Report("%s, %s, %d seeds".formatted(data(), settings.get("model"), seeds().size()));
    page.paragraph(
        "The same run with different seeds; the deviation is that of a sample. Each has a report of"
            + " its own in the folder of its seed.");
    page.table("", scores.header(), scores.table());
    var losses = seeds().stream().map(this::loss).toList();
    page.section("Training")
        .png(
            "Loss of the training batches",
            new Curve("Loss", "sequences seen", "loss", true, losses).png());
    var rows =
        settings.entrySet().stream()
            .filter(e -> !e.getKey().equals("seed"))
            .map(e -> List.of(e.getKey().replace('_', ' '), String.valueOf(e.getValue())))
            .toList();
    page.section("Settings").table("", List.of(), rows);
    page.section("The same again").command(command());
    return page.html();
  }

  private Object data() {
    return settings.get("data");
  }

  private Curve.Line loss(long seed) {
    var history = ModelFolder.ofSeed(folder.path(), seed).resolve(RunFolder.HISTORY);
    var points = History.points(history, "sequences", "loss");
    return new Curve.Line("seed " + seed, points[0], points[1]);
  }

  private String command() {
    var list = seeds().stream().map(String::valueOf).collect(Collectors.joining(","));
    return "%s --seeds %s --out %s"
        .formatted(new SameAgain(settings).command(), list, SameAgain.quoted(folder.path()));
  }
}
