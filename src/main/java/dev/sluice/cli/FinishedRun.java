package dev.sluice.cli;

import dev.sluice.cli.pictures.Curve;
import dev.sluice.cli.pictures.TrainingReport;
import dev.sluice.cli.tasks.Judgement;
import dev.sluice.weights.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run that came to its end leaves beside its model: scores, pictures, report.
 *
 * @param settings of the study
 * @param folder of the run
 * @param facts of the run
 * @param judgement of the model
 */
record FinishedRun(
    Map<String, Object> settings,
    RunFolder folder,
    Map<String, Object> facts,
    Judgement judgement) {

  void write() {
    judgement.files().forEach(folder::write);
    var report =
        new TrainingReport(
            judgement.title(),
            judgement::show,
            losses(),
            shown(),
            new SameAgain(settings).command() + " --out " + SameAgain.quoted(folder.path()),
            judgement.conventions());
    folder.write(RunFolder.REPORT, report.html());
    // Last: its presence says that the run is finished.
    folder.write(RunFolder.METRICS, Json.writePretty(metrics()));
    folder.delete(RunFolder.BEST);
  }

  private List<Curve.Line> losses() {
    var lines = new ArrayList<Curve.Line>();
    lines.add(line("training loss", "loss"));
    if (facts.containsKey("best_loss")) {
      lines.add(line("validation loss", "validation_loss"));
    }
    return lines;
  }

  private Curve.Line line(String name, String member) {
    var points = History.points(folder.file(RunFolder.HISTORY), "sequences", member);
    return new Curve.Line(name, points[0], points[1]);
  }

  private Map<String, String> shown() {
    var shown = new LinkedHashMap<String, String>();
    facts.forEach((name, value) -> shown.put(name.replace('_', ' '), String.valueOf(value)));
    settings.forEach((name, value) -> shown.put(name.replace('_', ' '), String.valueOf(value)));
    return shown;
  }

  private Map<String, Object> metrics() {
    var all = new LinkedHashMap<>(judgement.metrics());
    all.putAll(facts);
    all.put("conventions", judgement.conventions());
    return all;
  }
}
