package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.spi.Engine;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sluice works as a named module and on the class path; the build runs the tests that are tagged
 * {@code classpath} there, and could lose the module in silence for the others.
 */
class NamedModuleTest {
  @Test
  void testsRunInTheNamedModule() {
    assertTrue(Shape.class.getModule().isNamed());
    assertEquals("dev.sluice", NamedModuleTest.class.getModule().getName());
    assertEquals(List.of("dev.sluice.cpu.CpuEngine", "dev.sluice.cuda.CudaEngine"), engines());
  }

  @Test
  @Tag("classpath")
  void serviceFilesNameTheSameEngines() {
    assertFalse(Shape.class.getModule().isNamed());
    assertEquals(List.of("dev.sluice.cpu.CpuEngine", "dev.sluice.cuda.CudaEngine"), engines());
  }

  private static List<String> engines() {
    return ServiceLoader.load(Engine.class).stream()
        .map(engine -> engine.type().getName())
        .toList();
  }
}
