package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class WindsTest {
  private static final Winds WINDS = Winds.bundled();

  @Test
  void baselinesOfTheZonalWind() {
    var baselines = WINDS.baselines(0);
    assertEquals(6.051, baselines.persistence(), 5e-4);
    assertEquals(5.147, baselines.climatology(), 5e-4);
    assertEquals(6.500, baselines.undamped(), 5e-4);
    assertEquals(4.468, baselines.damped(), 5e-4);
    assertEquals(4.093, baselines.perPixel(), 5e-4);
    assertEquals(0.31, WINDS.damping(0), 5e-3);
  }

  @Test
  void tradeWindsBlowFromTheEastAndTheRoaringFortiesFromTheWest() {
    double trades = 0;
    double forties = 0;
    for (int month = 0; month < 12; month++) {
      float[] frame = WINDS.climatology(month);
      for (int x = 0; x < Winds.WIDTH; x++) {
        // 15 N and 50 S.
        trades += frame[(42 * Winds.WIDTH + x) * 2] / (12 * Winds.WIDTH);
        forties += frame[(16 * Winds.WIDTH + x) * 2] / (12 * Winds.WIDTH);
      }
    }
    assertTrue(trades < -1 && forties > 3, trades + " " + forties);
  }

  @Test
  void aTrainingAnomalyIsThatFromTheOtherSevenYears() {
    int month = 3 * 12 + 5;
    float[] anomaly = WINDS.anomaly(month);
    int p = 2 * (30 * Winds.WIDTH + 77) + 1;
    double others = 0;
    for (int year = 0; year < 8; year++) {
      others += year == 3 ? 0 : WINDS.month(year * 12 + 5)[p] / 7.0;
    }
    assertEquals(WINDS.month(month)[p] - others, anomaly[p], 1e-4);
    assertEquals(anomaly[p] * 7 / 8, WINDS.anomaly(month, 96)[p], 1e-4);
    assertEquals(anomaly[p], WINDS.anomaly(month, 95)[p]);
  }

  @Test
  void aTestAnomalyIsThatFromAllEightYears() {
    float[] expected = WINDS.month(100);
    float[] climatology = WINDS.climatology(100);
    for (int p = 0; p < expected.length; p++) {
      expected[p] -= climatology[p];
    }
    assertArrayEquals(expected, WINDS.anomaly(100));
    assertArrayEquals(WINDS.climatology(4), climatology);
  }

  @Test
  void placesKnowTheirLatitude() {
    float[] places = WINDS.places();
    assertEquals(Winds.HEIGHT * Winds.WIDTH * 6, places.length);
    assertEquals(-1f, places[4]);
    assertEquals(1f, places[places.length - 2]);
    assertEquals(0f, places[36 * Winds.WIDTH * 6 + 4]);
    for (float value : places) {
      assertTrue(value >= -1.001f && value < 3, "value " + value);
    }
  }

  @Test
  void longitudesGoRoundTheGlobe() {
    float[] rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float[] wrapped = {5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 11, 12, 7, 8, 9, 10, 11, 12, 7, 8};
    assertArrayEquals(wrapped, Longitudes.wrap(rows, 3, 2, 1));
    assertArrayEquals(rows, Longitudes.crop(wrapped, 5, 2, 1));
    assertArrayEquals(rows, Longitudes.wrap(rows, 3, 2, 0));
    Refusals.call("a padding that fits, got 12 floats, 4", () -> wrap(rows, 4));
    Refusals.call("got 12 floats, -1", () -> wrap(rows, -1));
    Refusals.call("frames [..., 5, 2]", () -> Longitudes.crop(rows, 5, 2, 1));
  }

  private static void wrap(float[] rows, int pad) {
    Longitudes.wrap(rows, 3, 2, pad);
  }

  @Test
  void inputsAreTheMonthsBeforeAndNoOther() {
    var windows = new WindWindows(WINDS, 3, 4, WindWindows.Target.ANOMALY, false);
    assertEquals(3, windows.months(Split.TRAIN)[0]);
    assertEquals(93, windows.months(Split.TRAIN).length);
    assertEquals(96, windows.months(Split.TEST)[0]);
    assertEquals(36, windows.months(Split.TEST).length);
    float[] x = windows.inputs(50, 96);
    int frame = Winds.HEIGHT * 152 * 2;
    assertEquals(3 * 2 * frame, x.length);
    for (int t = 0; t < 3; t++) {
      for (int n = 0; n < 2; n++) {
        int at = (t * 2 + n) * frame;
        float[] seen = Longitudes.crop(Arrays.copyOfRange(x, at, at + frame), 152, 2, 4);
        float[] anomaly = n == 0 ? WINDS.anomaly(47 + t) : WINDS.anomaly(93 + t, 96);
        assertEquals(anomaly[777] / WINDS.scale(1), seen[777], 1e-5);
        assertEquals(anomaly[8000] / WINDS.scale(0), seen[8000], 1e-5);
      }
    }
  }

  @Test
  void noForecastIsTheBaselineAndTheTargetIsPerfect() {
    double climatology = 0;
    double perPixel = 0;
    for (var target : WindWindows.Target.values()) {
      var windows = new WindWindows(WINDS, 3, 2, target, true);
      var nothing = new float[Winds.HEIGHT * windows.width() * 2];
      for (int month : windows.months(Split.TEST)) {
        assertEquals(0, windows.mse(month, windows.targets(month), 0), 1e-9);
        double error = windows.mse(month, nothing, 0) / 36;
        climatology += target == WindWindows.Target.ANOMALY ? error : 0;
        perPixel += target == WindWindows.Target.RESIDUAL ? error : 0;
      }
    }
    assertEquals(WINDS.baselines(0).climatology(), climatology, 1e-5);
    assertEquals(WINDS.baselines(0).perPixel(), perPixel, 1e-5);
  }

  @Test
  void placesFollowTheAnomaliesInEveryMonth() {
    var plain = new WindWindows(WINDS, 2, 0, WindWindows.Target.ANOMALY, false).inputs(40);
    var full = new WindWindows(WINDS, 2, 0, WindWindows.Target.ANOMALY, true).inputs(40);
    float[] places = WINDS.places();
    int pixels = Winds.HEIGHT * Winds.WIDTH;
    for (int pixel = 0; pixel < 2 * pixels; pixel += 97) {
      assertEquals(plain[2 * pixel + 1], full[8 * pixel + 1]);
      assertEquals(places[pixel % pixels * 6 + 5], full[8 * pixel + 7]);
    }
  }

  @Test
  void refusesMonthsAndSizesThatAreNotThere() {
    Refusals.call("1 to 95 months in", () -> windows(96, 4));
    Refusals.call("a padding of 0 to 144, got 3 and 145", () -> windows(3, 145));
    Refusals.call("months 3 to 131 to foretell, got 2", () -> windows(3, 0).inputs(2));
    Refusals.call("got 132", () -> windows(3, 0).targets(132));
  }

  private static WindWindows windows(int seen, int pad) {
    return new WindWindows(WINDS, seen, pad, WindWindows.Target.ANOMALY, false);
  }
}
