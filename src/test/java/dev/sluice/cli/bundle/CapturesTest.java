package dev.sluice.cli.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What NVIDIA's libraries answered, asked of the simulator again. Captures lie in
 * src/test/resources/captures, a file a device, and one of cuDNN without any; those that the
 * simulator itself gives here show only that recording and replaying work.
 */
class CapturesTest {
  private static final Path CAPTURES = Path.of("src/test/resources/captures");

  @TempDir static Path folder;

  private static Path recorded;

  /** A new copy of what the simulator answers. */
  private static Path simulated(Path simulator) throws Exception {
    if (recorded == null) {
      var file = folder.resolve("recorded.jsonl");
      var ran = Python.captures(simulator, 1, "record", file);
      assertEquals(0, ran.code(), ran.said());
      assertEquals(Files.readAllLines(file).size() + " cases", ran.last());
      recorded = file;
    }
    var copy = folder.resolve("simulated.jsonl");
    return Files.copy(recorded, copy, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void theSimulatorAnswersAsTheRealLibrariesDid() throws Exception {
    var simulator = Python.simulator("captures");
    boolean devices = false;
    try (var files = Files.newDirectoryStream(CAPTURES, "*.jsonl")) {
      for (var file : files) {
        var text = Files.readString(file);
        assertFalse(text.contains("\"simulated\":true"), file + " is no truth: simulated");
        devices |= !text.contains("\"device\":\"none\"");
        var replayed = Python.captures(simulator, 1, "replay", file);
        assertEquals(0, replayed.code(), file + ": " + replayed.said());
      }
    }
    if (!devices) {
      System.out.println("skipped: captures of devices, none was captured yet in " + CAPTURES);
    }
  }

  @Test
  void theSimulatorAnswersAsItselfWhateverItsSeed() throws Exception {
    var simulator = Python.simulator("captures of the simulator");
    var file = simulated(simulator);
    var lines = Files.readAllLines(file);
    assertTrue(lines.stream().filter(CapturesTest::refused).count() >= 100, "wrong calls");
    for (var line : lines) {
      var capture = (Map<?, ?>) Json.parse(line);
      assertTrue(capture.containsKey("died") || (Boolean) capture.get("simulated"), line);
    }
    var replayed = Python.captures(simulator, 5, "replay", file);
    assertEquals(0, replayed.code(), replayed.said());
    assertTrue(replayed.said().contains(" 0 differ"), replayed.said());
  }

  /** Whether a case is a wrong call that was answered by an error. */
  private static boolean refused(String line) {
    var capture = (Map<?, ?>) Json.parse(line);
    var calls = (List<?>) capture.get("calls");
    var last = (List<?>) calls.getLast();
    return ((List<?>) capture.get("case")).getFirst().equals("wrong")
        && last.get(1) instanceof Long status
        && status != 0;
  }

  @Test
  void whatDiffersIsNamed() throws Exception {
    var simulator = Python.simulator("falsified captures");
    var file = simulated(simulator);
    var lines = Files.readAllLines(file);
    for (var change :
        List.of(
            List.of("lstm standard type 0 bias 2 C4 H8 P8 L1 D1 T3", "\"y\":[", "\"y\":[0.25,"),
            List.of("lstm standard type 0 bias 2 C64 H64", "[1,64,64]", "[1,64,65]"),
            List.of("cudnnRNNForward: argument 15 is 0", ",2000,{}]", ",2006,{}]"),
            List.of("gru standard type 0 bias 2 C8 H8", "\"reserve\":0", "\"reserve\":64"))) {
      var line =
          lines.stream()
              .filter(it -> it.contains("\"" + change.get(0)) && it.contains(change.get(1)))
              .findFirst()
              .orElseThrow(() -> new AssertionError(change));
      Files.writeString(file, line.replace(change.get(1), change.get(2)) + "\n");
      var replayed = Python.captures(simulator, 1, "replay", file);
      assertEquals(1, replayed.code(), replayed.said());
      assertTrue(replayed.said().contains(change.get(0)), replayed.said());
    }
  }

  @Test
  void aCaptureThatWasCutOffGoesOn() throws Exception {
    var simulator = Python.simulator("a capture that goes on");
    var file = simulated(simulator);
    var whole = Files.readString(file);
    Files.writeString(file, whole.substring(0, whole.length() / 2));
    assertEquals(0, Python.captures(simulator, 1, "record", file).code());
    var again = Files.readString(file);
    assertEquals(whole.substring(0, whole.length() / 2), again.substring(0, whole.length() / 2));
    assertEquals(whole.lines().count(), again.lines().count());
  }
}
