package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScheduledSamplingTest {
  @Test
  void probabilitiesByHand() {
    var linear = ScheduledSampling.linear(1, 0.1, 0.25);
    assertEquals(0.7, linear.probability(3), 1e-15);
    assertEquals(0.25, linear.probability(8));
    assertEquals(0.125, ScheduledSampling.exponential(0.5).probability(3));
    assertEquals(3 / (3 + Math.exp(2)), ScheduledSampling.inverseSigmoid(3).probability(6), 1e-15);
  }

  @Test
  void theOfficialOneStops() {
    var schedule = ScheduledSampling.predRnn(2e-5, 50_000);
    assertEquals(1 - 2e-5, schedule.probability(1));
    assertEquals(2e-5, schedule.probability(49_999), 1e-12);
    assertEquals(0, schedule.probability(50_000));
    assertEquals(0, ScheduledSampling.predRnn(1e-6, 10).probability(10));
  }

  @Test
  void masksHaveTheirProbability() {
    var mask = ScheduledSampling.linear(0.7, 0, 0).mask(5, 100, 400, new SplittableRandom(1));
    double mean = 0;
    for (float value : mask) {
      assertTrue(value == 0 || value == 1);
      mean += value / mask.length;
    }
    assertEquals(0.7, mean, 6 * Math.sqrt(0.21 / mask.length));
  }

  @Test
  void reverseProbabilitiesByHand() {
    var schedule = new ReverseSampling(100, 200, 50);
    assertEquals(0.5, schedule.given(99));
    assertEquals(0.5, schedule.given(100));
    assertEquals(1 - 0.5 * Math.exp(-1), schedule.given(150), 1e-15);
    assertEquals(1, schedule.given(200));
    assertEquals(0.5, schedule.forecast(99));
    assertEquals(0.25, schedule.forecast(150));
    assertEquals(0, schedule.forecast(200));
  }

  /** Six frames, three seen: steps 1 and 2 are of the seen ones, 3 and 4 of the forecast. */
  @Test
  void reverseMasks() {
    var ended = new ReverseSampling(0, 1, 1).mask(1, 6, 3, 2, new SplittableRandom(1));
    assertArrayEquals(new float[] {1, 1, 1, 1, 0, 0, 0, 0}, ended);
    assertArrayEquals(ended, ReverseSampling.testMask(6, 3, 2));
    var random = new SplittableRandom(2);
    var middle = new ReverseSampling(0, 100, 30).mask(60, 6, 3, 100_000, random);
    double[] share = new double[4];
    for (int i = 0; i < middle.length; i++) {
      share[i / 100_000] += middle[i] / 100_000;
    }
    double given = 1 - 0.5 * Math.exp(-2);
    assertArrayEquals(new double[] {given, given, 0.2, 0.2}, share, 0.01);
  }

  @Test
  void refusesNumbersWithoutAMeaning() {
    var e = assertThrows(IllegalArgumentException.class, () -> new ReverseSampling(5, 5, 1));
    assertEquals(
        "reverse sampling: expected 0 <= s1 < s2 and alpha > 0, got 5, 5, 1.0", e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> ScheduledSampling.exponential(1));
    assertEquals("scheduled sampling: expected k of 0 to below 1, got 1.0", e.getMessage());
  }
}
