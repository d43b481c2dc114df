package dev.sluice.cli.verify;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What came of a case.
 *
 * @param id of the case
 * @param kind of the case
 * @param status how it ended
 * @param error the largest scaled error of an element, NaN if there was nothing to compare or a
 *     value was not a number
 * @param where the tensor or number that had it, or an empty string
 * @param reason one sentence for a failed or skipped case, or an empty string
 */
public record Verdict(
    String id, String kind, Status status, double error, String where, String reason) {
  /** How a case ended. */
  public enum Status {
    /** Everything in the case was compared and agrees. */
    PASS,
    /** Something disagrees, was left over, or is missing. */
    FAIL,
    /** The case asks for something that is not there. */
    SKIP
  }

  /**
   * {@return the verdict as a line}
   *
   * @param width of the column of ids
   */
  public String line(int width) {
    var number = status == Status.SKIP ? "-" : "%.1e".formatted(error);
    return ("%s  %-" + width + "s  %-7s  %s").formatted(status, id, number, reason).stripTrailing();
  }

  /** {@return the verdict for a JSON file; an error that is no number is null} */
  public Map<String, Object> json() {
    var all = new LinkedHashMap<String, Object>();
    all.put("id", id);
    all.put("kind", kind);
    all.put("status", status.name());
    all.put("error", Double.isFinite(error) ? error : null);
    all.put("where", where);
    all.put("reason", reason);
    return all;
  }
}
