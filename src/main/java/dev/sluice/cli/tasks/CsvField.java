package dev.sluice.cli.tasks;

/** A field of a CSV file. */
final class CsvField {
  private CsvField() {}

  /** {@return the text, in quotes where it needs them} */
  static String of(String text) {
    return text.matches("(?s).*[,\"\n\r].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
  }
}
