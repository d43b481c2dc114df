package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {
  private static final List<String> NAMES =
      List.of("winds", "vowels", "sunspots", "co2", "moving-digits", "digits-by-row");

  @Test
  void theNearestNameComesFirst() {
    assertEquals("sunspots", Nearest.to("sunspot", NAMES).getFirst());
    assertEquals("winds", Nearest.to("WIND", NAMES).getFirst());
    assertEquals("vowels", Nearest.to("vwoels", NAMES).getFirst());
    assertEquals("moving-digits", Nearest.to("moving_digit", NAMES).getFirst());
    assertEquals(List.of("abc", "abcd", "xyz"), Nearest.to("abc", List.of("xyz", "abcd", "abc")));
  }

  @Test
  void theSentenceNamesAtMostFive() {
    assertEquals("expected one of a, b, got c", Nearest.expected("c", List.of("a", "b")));
    assertEquals(
        "expected one of co2, winds, vowels, sunspots, moving-digits (6 in all), got co",
        Nearest.expected("co", NAMES));
  }
}
