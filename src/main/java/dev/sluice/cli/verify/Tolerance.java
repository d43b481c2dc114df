package dev.sluice.cli.verify;

import dev.sluice.DType;
import dev.sluice.FormatException;

/**
 * The largest scaled errors, {@code |got - expected| / (1 + |expected|)} of an element.
 *
 * @param output for outputs and single numbers
 * @param gradient for gradients
 */
record Tolerance(double output, double gradient) {
  /** The tolerance of a type in a manifest's {@code default_tolerance}. */
  static Tolerance of(Config all, DType type) {
    var entry = all.object(type == DType.FLOAT64 ? "f64" : "f32");
    if (entry.has("scaled")) {
      return new Tolerance(entry.number("scaled", 0), entry.number("scaled", 0));
    }
    if (!entry.has("scaled_out") || !entry.has("scaled_grad")) {
      throw new FormatException(
          entry.path() + ": expected scaled, or scaled_out and scaled_grad, got " + entry.keys());
    }
    return new Tolerance(entry.number("scaled_out", 0), entry.number("scaled_grad", 0));
  }

  static double scaled(double got, double expected) {
    return Math.abs(got - expected) / (1 + Math.abs(expected));
  }
}
