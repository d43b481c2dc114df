package dev.sluice.cli.experiments;

import dev.sluice.cli.pictures.Report;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an experiment found, to be written as Markdown with pictures beside it, or as one page. */
public final class Document {
  private final String title;
  private final List<Block> blocks = new ArrayList<>();

  private sealed interface Block {}

  private record Heading(String text) implements Block {}

  private record Paragraph(String text) implements Block {}

  private record Command(String text) implements Block {}

  private record Table(String caption, List<String> header, List<List<String>> rows)
      implements Block {}

  private record Picture(String name, String caption, byte[] png) implements Block {}

  /**
   * A document without content.
   *
   * @param title above it
   */
  public Document(String title) {
    this.title = title;
  }

  /**
   * {@return this, with a heading at its end}
   *
   * @param text of the heading
   */
  public Document section(String text) {
    return add(new Heading(text));
  }

  /**
   * {@return this, with a paragraph at its end}
   *
   * @param text plain
   */
  public Document paragraph(String text) {
    return add(new Paragraph(text));
  }

  /**
   * {@return this, with a line to type at its end}
   *
   * @param text as typed
   */
  public Document command(String text) {
    return add(new Command(text));
  }

  /**
   * {@return this, with a table at its end}
   *
   * @param caption above it, or empty
   * @param header one a column
   * @param rows as many cells as there are columns
   */
  public Document table(String caption, List<String> header, List<List<String>> rows) {
    return add(new Table(caption, header, rows));
  }

  /**
   * {@return this, with a table of two columns at its end}
   *
   * @param rows in the order to show
   */
  public Document facts(Map<String, ?> rows) {
    return table(
        "",
        List.of("what", "value"),
        rows.entrySet().stream()
            .map(row -> List.of(row.getKey(), String.valueOf(row.getValue())))
            .toList());
  }

  /**
   * {@return this, with a picture at its end}
   *
   * @param name of its file, without folder and ending
   * @param caption what it shows
   * @param png the file's bytes
   */
  public Document picture(String name, String caption, byte[] png) {
    return add(new Picture(name, caption, png));
  }

  private Document add(Block block) {
    blocks.add(block);
    return this;
  }

  /** {@return the pictures' bytes by their names, in their order} */
  public Map<String, byte[]> pictures() {
    var all = new LinkedHashMap<String, byte[]>();
    for (var block : blocks) {
      if (block instanceof Picture picture) {
        all.put(picture.name, picture.png);
      }
    }
    return all;
  }

  /** {@return the document as Markdown that expects its pictures, .png, in the same folder} */
  public String markdown() {
    var out = new StringBuilder("# ").append(escape(title)).append("\n");
    for (var block : blocks) {
      out.append("\n");
      switch (block) {
        case Heading heading -> out.append("## ").append(escape(heading.text)).append("\n");
        case Paragraph paragraph -> out.append(escape(paragraph.text)).append("\n");
        case Command command -> out.append("    ").append(command.text).append("\n");
        case Picture p ->
            out.append("![%1$s](%2$s.png)\n\n*%1$s*\n".formatted(escape(p.caption), p.name));
        case Table table -> markdown(table, out);
      }
    }
    return out.toString();
  }

  private static void markdown(Table table, StringBuilder out) {
    if (!table.caption.isEmpty()) {
      out.append(escape(table.caption)).append(":\n\n");
    }
    row(table.header, out);
    row(Collections.nCopies(table.header.size(), "---"), out);
    table.rows.forEach(
        cells -> row(cells.stream().map(cell -> escape(cell.strip())).toList(), out));
  }

  private static void row(List<String> cells, StringBuilder out) {
    out.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  /** Keeps text from being read as a mark. */
  private static String escape(String text) {
    return text.replaceAll("([\\\\`*_<>|\\[\\]])", "\\\\$1");
  }

  /** {@return the document as one page of HTML, pictures inside, UTF-8} */
  public byte[] html() {
    var page = new Report(title);
    for (var block : blocks) {
      switch (block) {
        case Heading heading -> page.section(heading.text);
        case Paragraph paragraph -> page.paragraph(paragraph.text);
        case Command command -> page.command(command.text);
        case Picture picture -> page.png(picture.caption, picture.png);
        case Table table -> page.table(table.caption, table.header, table.rows);
      }
    }
    return page.html();
  }
}
