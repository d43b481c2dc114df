package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.cli.tasks.Study;
import dev.sluice.train.Checkpoint;
import dev.sluice.weights.Json;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * One training run from its folder to its report.
 *
 * @param device to run on
 * @param threads of the engine, for the record
 * @param checkpointEvery steps between two checkpoints
 * @param out where to say how it goes
 * @param stop asked between two steps
 */
record Training(
    Device device, int threads, long checkpointEvery, PrintWriter out, BooleanSupplier stop) {

  /**
   * Begins, or goes on from a checkpoint.
   *
   * @param settings of the study
   * @param study what is to be learned
   * @param folder of the run
   * @param checkpoint of the run, null to begin
   * @return the exit code
   */
  int run(Map<String, Object> settings, Study study, RunFolder folder, Checkpoint checkpoint) {
    try (var arena = device.arena("the model")) {
      var run = new TrainingRun(study, settings, folder, arena, threads, checkpointEvery, out);
      if (checkpoint == null) {
        folder.clear();
        folder.write(ModelFolder.CONFIG, config(settings, study));
      } else {
        run.restore(checkpoint);
      }
      print(
          "%s: %,d parameters, %s engine, %d threads, seed %d, step %,d of %,d",
          folder.path(),
          run.learner().model().parameterCount(),
          device.title(),
          threads,
          study.recipe().seed(),
          run.step(),
          study.steps());
      return finish(settings, folder, run);
    }
  }

  private static String config(Map<String, Object> settings, Study study) {
    var config = new LinkedHashMap<>(study.config());
    config.put(ModelFolder.TRAINING, settings);
    return Json.writePretty(config);
  }

  private int finish(Map<String, Object> settings, RunFolder folder, TrainingRun run) {
    try {
      if (!run.train(stop)) {
        return stopped(folder, run);
      }
      run.takeBest();
      Checkpoint.writeModel(
          folder.file(ModelFolder.WEIGHTS), run.learner().model(), Map.of("format", "pt"));
      print("judging on the test part");
      var judgement = run.learner().judge(stop);
      if (judgement.isEmpty()) {
        return stopped(folder, run);
      }
      new FinishedRun(settings, folder, run.facts(), judgement.get()).write();
      print("%s", judgement.get().sentence());
      print(
          "trained on %,d sequences in %s, %.1f a second; %,d bytes of activations and %,d bytes of"
              + " Java heap a step",
          run.facts().get("sequences"),
          Progress.time(run.seconds()),
          run.sequencesPerSecond(),
          run.activationBytes(),
          run.heapBytesPerStep());
      print("%s shows it all", folder.file(RunFolder.REPORT));
      return 0;
    } catch (ArithmeticException | UncheckedIOException e) {
      throw Checkpoint.isIn(folder.path()) ? saved(folder, e) : e;
    }
  }

  private int stopped(RunFolder folder, TrainingRun run) {
    print(
        "stopped and saved at step %,d; ./sluice train --resume %s goes on",
        run.step(), folder.path());
    return 130;
  }

  private static RuntimeException saved(RunFolder folder, RuntimeException e) {
    return new IllegalStateException(
        "%s; step %,d is saved, and ./sluice train --resume %s goes on from there"
            .formatted(e.getMessage(), Checkpoint.open(folder.path()).step(), folder.path()),
        e);
  }

  private void print(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
