package dev.sluice.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TimingTest {
  @Test
  void sharesOfTheRounds() {
    var nanos = new long[20];
    for (int i = 0; i < nanos.length; i++) {
      nanos[i] = (20 - i) * 1_000_000L;
    }
    var timing = new Timing(nanos, 0);
    assertEquals(1, timing.millis(0));
    assertEquals(10.5, timing.medianMillis());
    assertEquals(18, timing.millis(0.9));
    assertEquals(20, timing.millis(0.99));
    assertEquals(7, new Timing(new long[] {7_000_000}, 0).medianMillis());
  }

  @Test
  void warmUpRoundsAreNotCounted() {
    var runs = new AtomicInteger();
    assertEquals(5, Timing.of(runs::incrementAndGet, 3, 5).nanos().length);
    assertEquals(8, runs.get());
    assertThrows(IllegalArgumentException.class, () -> new Timing(new long[0], 0));
  }
}
