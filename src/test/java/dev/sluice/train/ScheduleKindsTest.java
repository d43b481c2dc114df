package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ScheduleKindsTest {
  private static void rates(Schedule schedule, double... expected) {
    for (int step = 0; step < expected.length; step++) {
      assertEquals(expected[step], schedule.rate(step), 1e-15, "step " + step);
    }
  }

  @Test
  void constantAndCosine() {
    rates(Schedule.constant(0.3), 0.3, 0.3, 0.3);
    rates(Schedule.cosine(2, 4), 2, 1 + Math.sqrt(0.5), 1, 1 - Math.sqrt(0.5), 0, 0);
  }

  @Test
  void stairs() {
    rates(Schedule.stairs(8, 0.5, 3), 8, 8, 8, 4, 4, 4, 2);
  }

  @Test
  void warmUp() {
    rates(Schedule.constant(1).warmUp(4), 0.25, 0.5, 0.75, 1, 1);
  }

  /** Ten steps, three of them up: the peak is at step 2, as in PyTorch. */
  @Test
  void oneCycle() {
    var schedule = Schedule.oneCycle(1, 10, 0.3);
    rates(schedule, 0.04, 0.52, 1);
    assertEquals((1 + 4e-6) / 2 + (1 - 4e-6) / 2 * Math.cos(Math.PI / 7), schedule.rate(3), 1e-15);
    assertEquals(4e-6, schedule.rate(9), 1e-15);
    assertEquals(4e-6, schedule.rate(100), 1e-15);
  }

  @Test
  void refusesNumbersWithoutAMeaning() {
    var e = assertThrows(IllegalArgumentException.class, () -> Schedule.stairs(1, 0, 3));
    assertEquals(
        "schedule: expected a factor > 0 and at least 1 step between, got 0.0 and 3",
        e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> Schedule.oneCycle(1, 1, 0.3));
    assertEquals(
        "schedule: expected at least 2 steps and a share of 0 to 1, got 1 and 0.3", e.getMessage());
  }
}
