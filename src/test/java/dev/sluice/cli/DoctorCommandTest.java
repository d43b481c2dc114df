package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.spi.Engine;
import dev.sluice.weights.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each engine with its paragraph and its files; the exit code says whether one works. */
class DoctorCommandTest {
  @Test
  void theCpuEngineWorks() {
    var ran = Ran.run("doctor", "--engine=cpu");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().startsWith("engine cpu: works\n"), ran.out());
    assertTrue(ran.out().endsWith("Runs go to engine cpu.\n"), ran.out());
    assertFalse(ran.out().contains("engine cuda"), ran.out());
  }

  @Test
  void anEngineThatDoesNotOpenHasAParagraphAndItsFiles() {
    for (var report : Device.engines().stream().map(Engine::report).toList()) {
      var ran = Ran.run("doctor", "--json", "--engine=" + report.engine());
      assertEquals(report.opens() ? 0 : 1, ran.code(), ran.out());
      var said = object(Json.parse(ran.out()));
      assertEquals(report.opens(), said.get("works"));
      var engine = object(((List<?>) said.get("engines")).getFirst());
      assertEquals(report.engine(), engine.get("name"));
      assertEquals(report.reason(), engine.get("diagnosis"));
      assertEquals(report.opens() ? 0 : 1, report.reason().lines().count(), report.reason());
      assertEquals(report.candidates().size(), ((List<?>) engine.get("looked_at")).size());
    }
  }

  @Test
  void oneEngineThatWorksIsEnough() {
    var ran = Ran.run("doctor");
    assertEquals(0, ran.code(), ran.out());
    Device.engines().forEach(e -> assertTrue(ran.out().contains("engine " + e.name() + ": ")));
  }

  @Test
  void anUnknownEngineIsWrongUse() {
    var ran = Ran.run("doctor", "--engine=tpu");
    assertEquals(2, ran.code());
    assertEquals("sluice doctor: --engine: expected one of [cuda, cpu], got tpu\n", ran.err());
  }

  private static Map<?, ?> object(Object json) {
    return (Map<?, ?>) json;
  }
}
