package dev.sluice.cli.tasks;

import dev.sluice.FormatException;
import dev.sluice.data.Nearest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** All tasks. */
public final class Tasks {
  /** Data sets that are built in, by the names that --data has for them. */
  public static final List<Task> SETS =
      List.of(
          new MovingDigitsTask(),
          new WindsTask(),
          new VowelsTask(),
          new DigitRowsTask(),
          SeriesTask.sunspots(),
          SeriesTask.co2());

  /** Kinds of files; the last reads any. */
  public static final List<Task> FILES =
      List.of(new VideoTask(), SeriesTask.file(), new TextTask());

  private Tasks() {}

  /**
   * {@return the task for what --data names}
   *
   * @param data the name of a data set, or a file
   * @throws IllegalArgumentException with the nearest names if it is neither
   */
  public static Task of(String data) {
    var set = SETS.stream().filter(task -> task.name().equals(data)).findFirst();
    if (set.isPresent()) {
      return set.get();
    }
    var file = Path.of(data);
    if (!Files.exists(file)) {
      boolean name = !data.contains("/") && !data.contains(".");
      throw new IllegalArgumentException(
          "--data: "
              + (name
                  ? Nearest.expected(data, SETS.stream().map(Task::name).toList())
                  : data + ": no such file"));
    }
    return FILES.stream().filter(task -> task.reads(file)).findFirst().orElseThrow();
  }

  /**
   * {@return the task of a trained model}
   *
   * @param settings that it was trained with
   */
  public static Task of(Fields settings) {
    String name = settings.text("task");
    return Stream.concat(SETS.stream(), FILES.stream())
        .filter(task -> task.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new FormatException(
                    settings.file(), "expected a task that this Sluice knows, got " + name));
  }
}
