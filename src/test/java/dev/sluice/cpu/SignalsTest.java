package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A signal that interrupts a product leaves native memory as it is. */
class SignalsTest {
  @Test
  void productsMayBeInterrupted() throws Exception {
    assertEquals(
        List.of("whole"),
        PlainPathTest.run(SignalProcess.class, "--add-modules", "jdk.incubator.vector"));
  }
}
