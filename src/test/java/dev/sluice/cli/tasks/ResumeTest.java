package dev.sluice.cli.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every model of every task that is built in, and of videos, goes on from a checkpoint bit for bit
 * as if it had not stopped; texts and CSV files stand in {@link dev.sluice.cli}'s tests.
 */
class ResumeTest {
  private static final int STEPS = 4;
  private static final int STOP = 2;
  private static final Map<String, Object> SMALL =
      Map.of(
          "size", 32L,
          "batch", 2L,
          "sequences", 8L,
          "test_sequences", 2L,
          "epochs", 2L,
          "examples", 100L);

  @TempDir static Path folder;

  static Stream<Arguments> models() {
    return Stream.concat(Tasks.SETS.stream(), Stream.of(new VideoTask()))
        .flatMap(task -> task.models().stream().map(model -> Arguments.of(task.name(), model)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void goesOnBitForBit(String name, String model) throws IOException {
    var task =
        Tasks.SETS.stream()
            .filter(t -> t.name().equals(name))
            .findFirst()
            .orElseGet(VideoTask::new);
    var settings = settings(task, model);
    var checkpoint = Files.createTempDirectory(folder, "checkpoint");
    try (var device = Device.open(Device.Options.defaults().threads(1))) {
      var whole = train(device, task.open(settings), 0, STEPS, null, null);
      var first = train(device, task.open(settings), 0, STOP, null, checkpoint);
      var second =
          train(device, task.open(settings), STOP, STEPS, Checkpoint.open(checkpoint), null);
      var losses = new ArrayList<>(first.losses);
      losses.addAll(second.losses);
      assertArrayEquals(whole.losses.toArray(), losses.toArray());
      for (int i = 0; i < whole.parameters.size(); i++) {
        assertArrayEquals(whole.parameters.get(i), second.parameters.get(i), "parameter " + i);
      }
    }
  }

  private static Fields settings(Task task, String model) throws IOException {
    var settings = new LinkedHashMap<String, Object>();
    settings.put("task", task.name());
    settings.put("data", task instanceof VideoTask ? video().toString() : task.name());
    settings.put("model", model);
    var defaults = task.defaults(model);
    settings.putAll(defaults);
    SMALL.forEach((name, value) -> settings.computeIfPresent(name, (_, _) -> value));
    if (defaults.containsKey("patch") || task instanceof WindsTask) {
      settings.put("hidden", model.startsWith("predrnn") ? List.of(4L, 4L) : List.of(4L));
      settings.put("frames", 3L);
      settings.computeIfPresent("ahead", (_, _) -> 2L);
      settings.computeIfPresent("sampling", (_, _) -> true);
    }
    return new Fields(Path.of("settings"), settings);
  }

  private static Path video() throws IOException {
    var shape = Shape.of(10, 6, 2, 8, 12);
    var values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) StrictMath.sin(i * 0.1) * 40;
    }
    var file = folder.resolve("clips.npy");
    Files.write(file, Npy.bytes(new NpyArray(shape, values)));
    return file;
  }

  private record Trained(List<Double> losses, List<float[]> parameters) {}

  private static Trained train(
      Device device, Study study, long from, long to, Checkpoint checkpoint, Path save) {
    try (var arena = device.arena()) {
      var learner = study.learner(arena);
      if (checkpoint != null) {
        learner.trainer().restore(checkpoint);
      }
      var losses = new ArrayList<Double>();
      for (long step = from; step < to; step++) {
        long at = step;
        losses.add(learner.trainer().step(pass -> learner.loss(pass, at)));
      }
      if (save != null) {
        learner.trainer().save(save, Map.of());
      }
      return new Trained(
          losses, learner.model().parameters().stream().map(p -> p.value().floats()).toList());
    }
  }
}
