package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import dev.sluice.weights.Safetensors;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A side of a race answers each line, failures too, and ends with its input. */
class SideCommandTest {
  @TempDir Path folder;

  private static List<Map<?, ?>> answers(String... requests) {
    var before = System.in;
    try {
      var text = String.join("\n", requests) + "\n";
      System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
      var ran = Ran.run("side", "--engine=cpu", "--threads=1");
      assertEquals(0, ran.code(), ran.err());
      return ran.out().lines().<Map<?, ?>>map(line -> (Map<?, ?>) Json.parse(line)).toList();
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void aProblemIsOpenedAndRun() {
    var file = folder.resolve("results.safetensors");
    var answers =
        answers(
            "{\"suite\": \"deepbench\"}",
            "{\"suite\": \"cells\", \"problem\": 14, \"tiny\": true, \"open\": \"" + file + "\"}",
            "{\"run\": 3}");
    assertEquals(53L, answers.get(0).get("problems"));
    assertEquals("lstm", answers.get(1).get("cell"));
    assertEquals("lstm train T2 N2 C4 H4", answers.get(1).get("title"));
    assertEquals(3, ((List<?>) answers.get(2).get("nanos")).size());
    var names = Safetensors.open(file).names();
    assertTrue(names.containsAll(List.of("x", "y", "dy", "grad.x", "grad.bias_ih_l0")), "" + names);
  }

  @Test
  void failuresAreAnswers() {
    var answers =
        answers(
            "{\"suite\": \"nothing\"}",
            "{\"run\": 1}",
            "{\"suite\": \"cells\", \"problem\": 99, \"tiny\": true, \"open\": \"x\"}");
    assertEquals(3, answers.size());
    answers.forEach(answer -> assertTrue(answer.containsKey("error"), answer.toString()));
  }
}
