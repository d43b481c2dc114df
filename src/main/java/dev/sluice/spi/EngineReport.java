package dev.sluice.spi;

import java.util.List;
import java.util.Map;

/**
 * What an engine found on this machine.
 *
 * @param engine its name
 * @param reason why it does not open, or an empty string where it does
 * @param facts versions, features, thread counts, in the order to print
 * @param candidates every library file that was looked at
 */
public record EngineReport(
    String engine, String reason, Map<String, String> facts, List<Candidate> candidates) {
  /** {@return whether the engine opens} */
  public boolean opens() {
    return reason.isEmpty();
  }

  /**
   * A library file that was looked at.
   *
   * @param library which
   * @param source the rule that named the file
   * @param path the file
   * @param refused why it was not taken, or an empty string for the one that was
   */
  public record Candidate(String library, String source, String path, String refused) {}
}
