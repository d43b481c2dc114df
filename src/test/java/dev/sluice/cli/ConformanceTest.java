package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The project's own reference cases through the command, a test a case; none is skipped. */
class ConformanceTest {
  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> float32() {
    return cases("float32");
  }

  @TestFactory
  Stream<DynamicTest> float64() {
    return cases("float64");
  }

  private Stream<DynamicTest> cases(String dtype) {
    var file = folder.resolve("results.json");
    var run = VerifyRun.of("--dtype", dtype, "--json", file.toString());
    var results = (Map<?, ?>) Json.read(file);
    var cases = (List<?>) results.get("cases");
    assertEquals(cases.size() + 1, run.lines().size());
    assertEquals(
        "%s passed, %s failed, %s skipped"
            .formatted(results.get("passed"), results.get("failed"), results.get("skipped")),
        run.last());
    assertEquals(dtype, results.get("dtype"));
    assertTrue(cases.size() >= 71, "cases: " + cases.size());
    return cases.stream()
        .map(entry -> (Map<?, ?>) entry)
        .map(entry -> DynamicTest.dynamicTest((String) entry.get("id"), () -> judge(entry)));
  }

  private static void judge(Map<?, ?> entry) {
    assertEquals("PASS", entry.get("status"), entry.get("id") + ": " + entry.get("reason"));
  }
}
