package dev.sluice.cli.pictures;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * An HTML page that stands alone: pictures inside, no script, nothing fetched. All text is escaped.
 *
 * {@snippet :
 * byte[] page = new Report("run 1").paragraph("It learned.").png("loss", picture).html();
 * }
 */
public final class Report {
  private static final String STYLE =
      """
      body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 60rem;
             margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
      img { max-width: 100%; height: auto; display: block; }
      figure { margin: 1rem 0; } figcaption { color: #666; font-size: .9rem; margin-top: .3rem; }
      .wide { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
      th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #ddd; text-align: left;
               vertical-align: top; }
      td.n, th.n { text-align: right; white-space: nowrap; }
      caption { text-align: left; color: #666; font-size: .9rem; padding-bottom: .3rem; }
      pre { background: #f4f4f4; padding: .7rem 1rem; overflow-x: auto; }
      """;

  private final String title;
  private final StringBuilder body = new StringBuilder();

  /**
   * An empty page.
   *
   * @param title of the page and above it
   */
  public Report(String title) {
    this.title = escape(title);
  }

  /**
   * Begins a section.
   *
   * @param heading above it
   * @return this page
   */
  public Report section(String heading) {
    return add("<h2>" + escape(heading) + "</h2>");
  }

  /**
   * Adds text.
   *
   * @param text a paragraph
   * @return this page
   */
  public Report paragraph(String text) {
    return add("<p>" + escape(text) + "</p>");
  }

  /**
   * Adds lines to type into a terminal.
   *
   * @param command as typed
   * @return this page
   */
  public Report command(String command) {
    return add("<pre>" + escape(command) + "</pre>");
  }

  /**
   * Adds a table; cells that begin like numbers stand at the right of their columns.
   *
   * @param caption above it, or empty
   * @param header one a column, or none
   * @param rows as many cells as there are columns
   * @return this page
   */
  public Report table(String caption, List<String> header, List<List<String>> rows) {
    var table = new StringBuilder("<div class=\"wide\"><table>");
    if (!caption.isEmpty()) {
      table.append("<caption>").append(escape(caption)).append("</caption>");
    }
    if (!header.isEmpty()) {
      boolean[] numbers = numbers(header.size(), rows);
      row(table, "th", header, numbers);
    }
    for (List<String> cells : rows) {
      row(table, "td", cells, numbers(cells.size(), rows));
    }
    return add(table.append("</table></div>").toString());
  }

  private static boolean[] numbers(int columns, List<List<String>> rows) {
    var numbers = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      numbers[c] =
          !rows.isEmpty()
              && rows.stream()
                  .allMatch(r -> column < r.size() && r.get(column).matches("[-+]?[0-9].*|[–-]?"));
    }
    return numbers;
  }

  private static void row(StringBuilder out, String tag, List<String> cells, boolean[] numbers) {
    out.append("<tr>");
    for (int c = 0; c < cells.size(); c++) {
      out.append('<').append(tag).append(numbers[c] ? " class=\"n\">" : ">");
      out.append(escape(cells.get(c))).append("</").append(tag).append('>');
    }
    out.append("</tr>\n");
  }

  /**
   * Adds a PNG.
   *
   * @param caption below it, also read out in its stead
   * @param png the file's bytes
   * @return this page
   */
  public Report png(String caption, byte[] png) {
    return image("image/png", caption, png);
  }

  /**
   * Adds a GIF.
   *
   * @param caption below it, also read out in its stead
   * @param gif the file's bytes
   * @return this page
   */
  public Report gif(String caption, byte[] gif) {
    return image("image/gif", caption, gif);
  }

  private Report image(String type, String caption, byte[] bytes) {
    return add(
        """
        <figure><img alt="%1$s" src="data:%2$s;base64,%3$s">
        <figcaption>%1$s</figcaption></figure>\
        """
            .formatted(escape(caption), type, Base64.getEncoder().encodeToString(bytes)));
  }

  private Report add(String html) {
    body.append(html).append('\n');
    return this;
  }

  /** {@return the page, UTF-8} */
  public byte[] html() {
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%1$s</title>
    <style>
    %2$s</style>
    </head>
    <body>
    <h1>%1$s</h1>
    %3$s</body>
    </html>
    """
        .formatted(title, STYLE, body)
        .getBytes(StandardCharsets.UTF_8);
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
