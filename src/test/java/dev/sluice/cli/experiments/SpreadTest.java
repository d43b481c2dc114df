package dev.sluice.cli.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SpreadTest {
  @Test
  void theDeviationIsThatOfASample() {
    var spread = new Spread(2, 4, 9);
    assertEquals(5, spread.mean());
    assertEquals(Math.sqrt(13), spread.deviation(), 1e-12);
    assertEquals("5.0 ± 3.6", spread.text("%.1f"));
    assertEquals("2, 4, 9", spread.each("%.0f"));
    assertEquals("2 to 9", spread.range("%.0f"));
    assertEquals("7.0", new Spread(7).text("%.1f"));
    assertEquals(Math.cbrt(72), spread.geometricMean(), 1e-12);
  }

  @Test
  void whatNeverCameIsSaid() {
    assertEquals("50, never", new Spread(50, Double.NaN).orNever("%.0f"));
    assertEquals("50 ± 0", new Spread(50, 50).orNever("%.0f"));
  }

  @Test
  void threeDigitsCount() {
    assertEquals("0.0123", Numbers.short3(0.012345));
    assertEquals("12.3", Numbers.short3(12.345));
    assertEquals("1235", Numbers.short3(1234.5678));
    assertEquals("1.2e-09", Numbers.short3(1.23e-9));
    assertEquals("0", Numbers.short3(0));
  }
}
