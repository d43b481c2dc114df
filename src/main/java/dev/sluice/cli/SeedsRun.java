package dev.sluice.cli;

import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.cli.tasks.Task;
import dev.sluice.train.Checkpoint;
import dev.sluice.weights.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The same study with one seed after the other, each in a folder of its own, and what they found
 * together.
 *
 * @param task what is learned
 * @param settings of the study, but for the seed
 * @param seeds of the runs
 * @param folder of all
 * @param training runs one
 */
record SeedsRun(
    Task task, Map<String, Object> settings, Seeds seeds, RunFolder folder, Training training) {

  /** Forgets what the folder held, and begins. */
  int begin(String fingerprint) {
    folder.clear();
    var plan = new LinkedHashMap<String, Object>();
    plan.put("seeds", seeds.values());
    plan.put("settings", settings);
    plan.put("data_sha256", fingerprint);
    plan.put("engine", training.device().engine());
    plan.put("threads", training.threads());
    plan.put("checkpoint_every", training.checkpointEvery());
    folder.write(ModelFolder.SEEDS, Json.writePretty(plan));
    return goOn();
  }

  /** Takes what is left; the exit code. */
  int goOn() {
    for (long seed : seeds.values()) {
      var path = ModelFolder.ofSeed(folder.path(), seed);
      int code = RunFolder.content(path) == RunFolder.Content.FINISHED ? 0 : run(seed, path);
      if (code != 0) {
        training.out().println("./sluice train --resume " + folder.path() + " goes on with all");
        return code;
      }
    }
    var scores = SeedScores.read(task, seeds, folder.path());
    new SeedsReport(settings, scores, folder).write();
    scores.rows().forEach(row -> training.out().println(String.join("  ", row)));
    training.out().println(folder.file(RunFolder.REPORT) + " shows it all");
    return 0;
  }

  private int run(long seed, Path path) {
    var own = new LinkedHashMap<>(settings);
    own.put("seed", seed);
    var study = task.open(new Fields(path, own));
    try (var below = RunFolder.open(path, 0)) {
      var checkpoint = Checkpoint.isIn(path) ? Checkpoint.open(path) : null;
      return training.run(own, study, below, checkpoint);
    }
  }
}
