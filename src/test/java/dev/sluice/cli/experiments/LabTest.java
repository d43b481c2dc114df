package dev.sluice.cli.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabTest {
  /** What the bars showed. */
  private final List<String> shown = new ArrayList<>();

  private Lab.Bar bar(String what, long steps, int batch) {
    shown.add("%s, %d steps of %d".formatted(what, steps, batch));
    return new Lab.Bar() {
      @Override
      public void step(long step, double loss) {
        shown.add(step + ": " + loss);
      }

      @Override
      public void end() {
        shown.add("end");
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"gradients", "peephole", "gru-vs-lstm", "adding", "sampling", "models"})
  void everyExperimentStopsWhenAsked(String name) {
    var asked = new AtomicInteger();
    try (var device = Device.open(Device.Options.defaults().threads(1))) {
      var lab = new Lab(device, List.of(3L), true, this::bar, () -> asked.incrementAndGet() > 3);
      assertThrows(Lab.Stopped.class, () -> Experiment.named(name).run(lab));
      assertEquals("end", shown.getLast());
      // An arena left open would keep the device from closing.
      assertEquals(0, device.memory().used());
    }
  }

  @Test
  void stepsAreCountedAndShown() {
    var lab = new Lab(null, List.of(1L), false, this::bar, () -> false);
    try (var loop = lab.loop("work", 2, 8)) {
      while (loop.next()) {
        loop.took(0.5);
      }
    }
    assertEquals(List.of("work, 2 steps of 8", "1: 0.5", "2: 0.5", "end"), shown);
  }

  @Test
  void seedsAreAskedForAndDiffer() {
    for (var seeds : List.of(List.<Long>of(), List.of(4L, 4L))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new Lab(null, seeds, false, this::bar, () -> false));
    }
  }

  @Test
  void theQuickFormSaysSo() {
    var quick = new Lab(null, List.of(1L), true, this::bar, () -> false);
    var full = new Lab(null, List.of(1L), false, this::bar, () -> false);
    assertTrue(quick.document("x").markdown().contains("quick form"));
    assertEquals("# x\n", full.document("x").markdown());
  }
}
