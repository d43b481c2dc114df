package dev.sluice.weights;

/** Foreign text, made fit for one line of a message. */
final class Text {
  private static final int MAX = 100;

  private Text() {}

  /** The text in double quotes, clipped, without what could move a terminal's cursor. */
  static String quote(String foreign) {
    return '"' + clip(foreign) + '"';
  }

  static String clip(String foreign) {
    boolean fits = foreign.length() <= MAX;
    String shown = fits ? foreign : foreign.substring(0, MAX);
    return shown.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "?") + (fits ? "" : "...");
  }
}
