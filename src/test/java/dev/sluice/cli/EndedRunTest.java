package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs that end before their time, each in a process of its own. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class EndedRunTest {
  private static final int SEQUENCES = 1200;

  @TempDir Path folder;

  @Test
  void controlCSavesAndSaysHowToGoOn() throws Exception {
    var out = folder.resolve("a");
    var process = start("", Ran.train(out, SEQUENCES, "--checkpoint-every=1000000"));
    signal(process, "INT", out, 2);
    assertEquals(130, process.waitFor(), log());
    assertTrue(log().contains("; ./sluice train --resume " + out + " goes on"), log());
    assertNothingHalfWritten(out);
    assertTrue(Checkpoint.open(out).step() > 0);
    assertGoesOn(out);
  }

  @Test
  void whatIsKilledGoesOnFromTheLastCheckpoint() throws Exception {
    var out = folder.resolve("a");
    var process = start("", Ran.train(out, SEQUENCES, "--checkpoint-every=3"));
    signal(process, "KILL", out, 8);
    assertEquals(137, process.waitFor(), log());
    assertGoesOn(out);
  }

  /** Resumed to its end, the run has the bytes of one that nothing happened to. */
  private void assertGoesOn(Path out) throws Exception {
    assertEquals(0, Ran.run("train", "--resume=" + out).code());
    var whole = folder.resolve("whole");
    assertEquals(0, Ran.run(Ran.train(whole, SEQUENCES)).code());
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(out.resolve("model.safetensors")));
  }

  @Test
  void aFullDiskEndsTheRunInOneSentence() throws Exception {
    var out = folder.resolve("a");
    // A limit of 100 KiB on the size of files, which the checkpoint of this model exceeds and the
    // probe does not, stands for a full disk.
    var process = start("ulimit -f 100; ", Ran.train(out, SEQUENCES, "--hidden=24", "--overwrite"));
    assertEquals(1, process.waitFor(), log());
    assertTrue(log().contains("cannot be written: File too large"), log());
    assertFalse(log().contains("\tat "), log());
    assertNothingHalfWritten(out);
    assertFalse(Checkpoint.isIn(out));
  }

  @Test
  void aFullDiskBehindStandardOutputIsAFailure() throws Exception {
    var process = start("exec 2>&1 >/dev/full; ", new String[] {"--version"});
    assertEquals(1, process.waitFor(), log());
    assertTrue(
        log().contains("standard output: cannot be written: No space left on device"), log());
  }

  private void assertNothingHalfWritten(Path out) throws IOException {
    try (var files = Files.list(out)) {
      var left = files.map(f -> f.getFileName().toString()).filter(n -> n.endsWith(".tmp"));
      assertEquals(List.of(), left.toList());
    }
    assertFalse(Files.exists(out.resolve("model.safetensors")));
    assertFalse(Files.exists(out.resolve("metrics.json")));
  }

  private Process start(String shell, String[] args) throws IOException {
    return Ran.start(folder.resolve("log"), shell, args);
  }

  /** Sends a signal as soon as the run has reported some steps. */
  private void signal(Process process, String name, Path out, int reports) throws Exception {
    var history = out.resolve("metrics.jsonl");
    while (process.isAlive()
        && (!Files.exists(history) || Files.readAllLines(history).size() < reports)) {
      Thread.sleep(20);
    }
    assertTrue(process.isAlive(), log());
    Ran.signal(process, name);
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }
}
