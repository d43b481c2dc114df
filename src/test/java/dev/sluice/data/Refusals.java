package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import org.junit.jupiter.api.function.Executable;

/** One clear sentence each. */
final class Refusals {
  private Refusals() {}

  static void file(String part, Executable call) {
    sentence(part, assertThrows(FormatException.class, call));
  }

  static void call(String part, Executable call) {
    sentence(part, assertThrows(IllegalArgumentException.class, call));
  }

  private static void sentence(String part, Exception e) {
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }
}
