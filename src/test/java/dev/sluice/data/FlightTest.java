package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FlightTest {
  private static final double ROOM = 36;

  @Test
  void staysInsideTheWallsAndReachesAllFour() {
    var touched = new boolean[4];
    for (int i = 0; i < 200; i++) {
      var flight = new Flight(new SplitMix(i), ROOM, MovingDigits.SPEED);
      for (int t = 0; t < 200; t++) {
        assertTrue(flight.x() >= 0 && flight.x() <= ROOM, "x " + flight.x());
        assertTrue(flight.y() >= 0 && flight.y() <= ROOM, "y " + flight.y());
        touched[0] |= flight.x() == 0;
        touched[1] |= flight.x() == ROOM;
        touched[2] |= flight.y() == 0;
        touched[3] |= flight.y() == ROOM;
        flight.step();
      }
    }
    assertTrue(touched[0] && touched[1] && touched[2] && touched[3]);
  }

  @Test
  void moves36TenthsOfAPixelBetweenBounces() {
    int free = 0;
    for (int i = 0; i < 100; i++) {
      var flight = new Flight(new SplitMix(i), ROOM, MovingDigits.SPEED);
      for (int t = 0; t < 50; t++) {
        double x = flight.x();
        double y = flight.y();
        flight.step();
        if (flight.x() > 0 && flight.x() < ROOM && flight.y() > 0 && flight.y() < ROOM) {
          assertEquals(3.6, Math.hypot(flight.x() - x, flight.y() - y), 1e-9);
          free++;
        }
      }
    }
    assertTrue(free > 3000, "free steps " + free);
  }

  @Test
  void turnsAtTheWallAndKeepsGoingStraightOtherwise() {
    var flight = new Flight(new SplitMix(5), ROOM, MovingDigits.SPEED);
    double x = flight.x();
    flight.step();
    double dx = flight.x() - x;
    int turns = 0;
    for (int t = 0; t < 300; t++) {
      x = flight.x();
      flight.step();
      boolean wall = flight.x() == 0 || flight.x() == ROOM;
      if (wall) {
        dx = -dx;
        turns++;
      } else {
        assertEquals(dx, flight.x() - x, 1e-9, "step " + t);
      }
    }
    assertTrue(turns > 2, "turns " + turns);
  }

  @Test
  void directionsAndStartsAreSpreadOut() {
    double sumX = 0;
    double sumY = 0;
    double sumDx = 0;
    for (int i = 0; i < 4000; i++) {
      var flight = new Flight(new SplitMix(9, i), 1e6, 1);
      double x = flight.x();
      sumX += x;
      sumY += flight.y();
      flight.step();
      sumDx += flight.x() - x;
    }
    // Five standard deviations of a mean of 4,000.
    assertEquals(5e5, sumX / 4000, 5 * 1e6 / Math.sqrt(12 * 4000));
    assertEquals(5e5, sumY / 4000, 5 * 1e6 / Math.sqrt(12 * 4000));
    assertEquals(0, sumDx / 4000, 5 * Math.sqrt(0.5 / 4000));
  }
}
