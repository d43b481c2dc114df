package dev.sluice.cli.experiments;

import java.util.Locale;

/** How numbers are written in reports. */
final class Numbers {
  private Numbers() {}

  static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** Three digits that count, with a power of ten where a plain number would be long. */
  static String short3(double value) {
    if (value == 0 || Double.isNaN(value)) {
      return value == 0 ? "0" : "-";
    }
    double size = Math.abs(value);
    if (size < 1e-3 || size >= 1e5) {
      return text("%.1e", value);
    }
    int decimals = Math.clamp(2 - (long) Math.floor(Math.log10(size)), 0, 5);
    return text("%." + decimals + "f", value);
  }
}
