package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Device;
import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.Tasks;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine;

/** A run that ends as Ctrl-C ends it. */
final class StoppedRun {
  private StoppedRun() {}

  /** Trains in a folder until some steps are taken. */
  static void at(int steps, Path path, String... args) {
    var command = new TrainCommand();
    var typed = Arrays.stream(args).filter(arg -> !arg.equals("train")).toArray(String[]::new);
    var given = new CommandLine(command).parseArgs(typed);
    var task = Tasks.of(command.options.data);
    var settings = command.options.settings(task, given);
    var study = task.open(new Fields(path, settings));
    var asked = new AtomicInteger();
    try (var folder = RunFolder.open(path, 0);
        var device = Device.open(Device.Options.defaults().threads(1))) {
      var out = new PrintWriter(new StringWriter());
      var training = new Training(device, 1, 1000, out, () -> asked.getAndIncrement() >= steps);
      assertEquals(130, training.run(settings, study, folder, null));
    }
  }
}
