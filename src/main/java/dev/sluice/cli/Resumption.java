package dev.sluice.cli;

import dev.sluice.FormatException;
import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.cli.tasks.Study;
import dev.sluice.cli.tasks.Tasks;
import dev.sluice.train.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A stopped run, or several of different seeds, to go on with.
 *
 * @param folder of the run
 * @param checkpoint of it, null for several
 * @param progress what was saved: settings, engine, the data's fingerprint
 */
record Resumption(RunFolder folder, Checkpoint checkpoint, Fields progress) {
  /** Refuses a folder in which no run was stopped. */
  static void requireStopped(Path path) {
    switch (RunFolder.content(path)) {
      case NOTHING ->
          throw new IllegalArgumentException(
              path + ": expected a folder with a stopped run, but there is no checkpoint in it");
      case FINISHED ->
          throw new IllegalArgumentException(path + " holds a finished run: nothing is left to do");
      case STOPPED -> {}
    }
  }

  static Resumption of(RunFolder folder) {
    var seeds = folder.file(ModelFolder.SEEDS);
    if (Files.exists(seeds)) {
      return new Resumption(folder, null, Fields.read(seeds));
    }
    var checkpoint = Checkpoint.open(folder.path());
    var progress = new Fields(folder.file(Checkpoint.MANIFEST), checkpoint.progress());
    return new Resumption(folder, checkpoint, progress);
  }

  private Fields settings() {
    return progress.object("settings");
  }

  /** {@return the study, its data being what they were when the run began} */
  Study study() {
    var study = Tasks.of(settings()).open(settings());
    String began = progress.text("data_sha256");
    if (!study.fingerprint().equals(began)) {
      throw new FormatException(
          Path.of(settings().text("data")),
          "expected the data that the run began with, of SHA-256 %s, got %s"
              .formatted(began, study.fingerprint()));
    }
    return study;
  }

  /** Takes what is left; the exit code. */
  int run(Study study, Training training) {
    Map<String, Object> map = new LinkedHashMap<>();
    settings().members().forEach((name, value) -> map.put((String) name, value));
    if (checkpoint != null) {
      return training.run(map, study, folder, checkpoint);
    }
    var seeds = new Seeds(progress.longs("seeds"));
    return new SeedsRun(Tasks.of(settings()), map, seeds, folder, training).goOn();
  }
}
