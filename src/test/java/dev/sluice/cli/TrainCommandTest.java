package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainCommandTest {
  private static final int STEPS = 12;

  @TempDir Path folder;

  @Test
  void writesEveryFileAndEveryKey() throws IOException {
    var out = folder.resolve("run");
    var ran = Ran.run(Ran.train(out, 2 * STEPS));
    assertEquals(0, ran.code(), ran.err());
    for (String name :
        List.of("config.json", "model.safetensors", "prediction.png", "report.html")) {
      assertTrue(Files.size(out.resolve(name)) > 100, name);
    }
    assertArrayEquals(
        "GIF89a".getBytes(), head(out.resolve("prediction.gif"), 6), "prediction.gif");
    var metrics = (Map<?, ?>) Json.read(out.resolve("metrics.json"));
    var expected =
        Set.of(
            "mse",
            "mae",
            "ssim",
            "psnr",
            "mse_last_frame",
            "mse_mean_image",
            "per_frame",
            "sequences",
            "sequences_per_second",
            "engine",
            "threads",
            "seed",
            "test_sequences",
            "heap_bytes_per_step",
            "conventions");
    assertTrue(metrics.keySet().containsAll(expected), metrics.keySet().toString());
    assertEquals(2L * STEPS, metrics.get("sequences"));
    assertEquals(1L, metrics.get("threads"));
    var perFrame = (Map<?, ?>) metrics.get("per_frame");
    for (String name : List.of("mse", "mse_last_frame", "mse_mean_image", "correlation")) {
      assertEquals(3, ((List<?>) perFrame.get(name)).size(), name);
    }
    var lines = Files.readAllLines(out.resolve("metrics.jsonl"));
    assertEquals(STEPS, lines.size());
    assertTrue(((Map<?, ?>) Json.parse(lines.getLast())).containsKey("sequences_per_second"));
    assertTrue(ran.out().contains("bytes of Java heap a step"), ran.out());
  }

  private static byte[] head(Path file, int bytes) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(bytes);
    }
  }

  @Test
  void theSameSeedGivesTheSameBits() throws IOException {
    run("a", "--threads=2");
    run("b", "--threads=2");
    run("other", "--threads=2", "--seed=2");
    assertArrayEquals(model("a"), model("b"));
    assertEquals(losses("a"), losses("b"));
    assertFalse(Arrays.equals(model("a"), model("other")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--loss=mse",
        "--loss=bce",
        "--peephole",
        "--validate=0.3",
        "--convolution=DIRECT"
      })
  void goesOnBitForBit(String option) throws IOException {
    run("whole", option);
    stopped("parts", 5, option);
    assertEquals(List.of("checkpoint-a.safetensors"), without("parts", "whole"));
    var ran = Ran.run("train", "--resume=" + folder.resolve("parts"));
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("step 5 of " + STEPS), ran.out());
    assertArrayEquals(model("whole"), model("parts"));
    assertEquals(losses("whole"), losses("parts"));
    assertEquals(scores("whole"), scores("parts"));
  }

  private void stopped(String name, int steps, String option) {
    var path = folder.resolve(name);
    StoppedRun.at(steps, path, Ran.train(path, 2 * STEPS, option));
  }

  /** What the second folder has and the first does not, but for the checkpoint in use. */
  private List<String> without(String stopped, String whole) throws IOException {
    var missing = new ArrayList<>(names(whole));
    missing.removeAll(names(stopped));
    assertTrue(missing.contains("metrics.json"), missing.toString());
    return names(stopped).stream().filter(n -> n.endsWith("-a.safetensors")).toList();
  }

  private List<String> names(String name) throws IOException {
    try (var files = Files.list(folder.resolve(name))) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  private void run(String name, String... more) {
    var ran = Ran.run(Ran.train(folder.resolve(name), 2 * STEPS, more));
    assertEquals(0, ran.code(), ran.err());
  }

  private byte[] model(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }

  private List<Object> losses(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name).resolve("metrics.jsonl")).stream()
        .map(line -> (Map<?, ?>) Json.parse(line))
        .map(TrainCommandTest::losses)
        .toList();
  }

  private static Object losses(Map<?, ?> line) {
    return Stream.of("step", "loss", "gradient_norm", "validation_loss")
        .map(name -> String.valueOf(line.get(name)))
        .toList();
  }

  private Object scores(String name) {
    var metrics = (Map<?, ?>) Json.read(folder.resolve(name).resolve("metrics.json"));
    return List.of(metrics.get("mse"), metrics.get("per_frame"), metrics.get("ssim"));
  }

  @Test
  void aFinishedRunIsNotLost() throws IOException {
    run("a");
    var before = model("a");
    var again = Ran.run(Ran.train(folder.resolve("a"), 4));
    assertEquals(2, again.code());
    assertTrue(again.err().contains("a finished run; --overwrite replaces it"), again.err());
    var resumed = Ran.run("train", "--resume=" + folder.resolve("a"));
    assertEquals(2, resumed.code());
    assertArrayEquals(before, model("a"));
    Files.writeString(folder.resolve("a/mine.txt"), "mine");
    run("a", "--overwrite", "--seed=3");
    assertFalse(Arrays.equals(before, model("a")));
    assertTrue(Files.exists(folder.resolve("a/mine.txt")));
  }

  @Test
  void aStoppedRunSaysHowToGoOn() {
    stopped("a", 3, "--loss=mse");
    var ran = Ran.run(Ran.train(folder.resolve("a"), 4));
    assertEquals(2, ran.code());
    assertTrue(ran.err().contains("a stopped run; --resume " + folder.resolve("a")), ran.err());
    var options = Ran.run("train", "--resume=" + folder.resolve("a"), "--batch=4", "--seed=2");
    assertEquals(2, options.code());
    assertTrue(options.err().contains("leave out --batch, --seed"), options.err());
  }

  @Test
  void resumeNeedsACheckpoint() {
    var ran = Ran.run("train", "--resume=" + folder);
    assertEquals(2, ran.code());
    assertTrue(ran.err().contains("there is no checkpoint in it"), ran.err());
  }

  @Test
  void twoRunsDoNotShareAFolder() {
    try (var held = RunFolder.open(folder.resolve("a"), 0)) {
      var ran = Ran.run(Ran.train(held.path(), 4));
      assertEquals(1, ran.code());
      assertTrue(ran.err().contains("another run is writing there"), ran.err());
      assertEquals(1, ran.err().lines().count());
    }
    run("a");
  }

  @Test
  void anOutThatIsAFileOrBelowOne() throws IOException {
    var file = Files.writeString(folder.resolve("file"), "");
    for (Path out : List.of(file, file.resolve("below"))) {
      var ran = Ran.run(Ran.train(out, 4));
      assertEquals(1, ran.code());
      assertTrue(ran.err().contains(out + ": cannot be made"), ran.err());
      assertEquals(1, ran.err().lines().count(), ran.err());
    }
  }

  @Test
  void tooLittleSpaceIsSaidBeforehand() throws IOException {
    var e = assertThrows(IllegalStateException.class, () -> RunFolder.open(folder, Long.MAX_VALUE));
    assertTrue(e.getMessage().contains("bytes of free space"), e.getMessage());
    RunFolder.open(folder, 0).close();
    assertEquals(List.of(), names(""));
  }

  @Test
  void aRefusedRunTakesAwayTheFoldersThatItMade() throws IOException {
    Files.createDirectory(folder.resolve("mine"));
    var below = folder.resolve("mine/made/also");
    assertThrows(IllegalStateException.class, () -> RunFolder.open(below, Long.MAX_VALUE));
    assertEquals(List.of("mine"), names(""));
    assertEquals(List.of(), names("mine"));
    try (var run = RunFolder.open(below, 0)) {
      assertEquals(List.of(".lock"), names("mine/made/also"));
      run.write("config.json", "{}");
    }
    assertEquals(List.of("config.json"), names("mine/made/also"));
  }

  @Test
  void aLinkThatLeadsNowhereStays() throws IOException {
    var link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    var ran = Ran.run(Ran.train(link, 4));
    assertEquals(1, ran.code());
    assertTrue(ran.err().contains(link + ": cannot be made"), ran.err());
    assertEquals(List.of("link"), names(""));
  }

  @Test
  void aFolderThatCannotBeWrittenIsNotOurs() throws IOException {
    Files.createDirectories(folder.resolve("a/.lock"));
    var ran = Ran.run(Ran.train(folder.resolve("a"), 4));
    assertEquals(1, ran.code());
    assertTrue(ran.err().contains("cannot be written"), ran.err());
    assertEquals(List.of(".lock"), names("a"));
  }

  @Test
  void afterAFailedWriteTheRunGoesOn() throws IOException {
    run("whole");
    var blocked = Files.createDirectories(folder.resolve("a/prediction.gif/in-the-way"));
    var ran = Ran.run(Ran.train(folder.resolve("a"), 2 * STEPS));
    assertEquals(1, ran.code(), ran.err());
    assertTrue(ran.err().contains("prediction.gif: cannot be"), ran.err());
    Files.delete(blocked);
    Files.delete(blocked.getParent());
    ran = Ran.run(Ran.train(folder.resolve("a"), 2 * STEPS, "--overwrite"));
    assertEquals(0, ran.code(), ran.err());
    assertArrayEquals(model("whole"), model("a"));
  }
}
