package dev.sluice.data;

import dev.sluice.FormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A table of comma-separated values (RFC 4180): a line of names, then records of the same width;
 * fields with commas, quotes or line ends stand in quotes. UTF-8, plain or gzip. Empty lines are
 * passed over where there is more than one column.
 *
 * @param name of the file, for messages
 * @param header the columns' names
 * @param records the fields, record by record
 * @param lines where each record begins, 1 for the file's first
 */
public record Csv(String name, List<String> header, List<List<String>> records, int[] lines) {
  private static final Set<String> GAPS = Set.of("", "NA", "NaN", "nan", "null");

  /**
   * Reads a file.
   *
   * @param file of the table
   * @return the table
   * @throws FormatException naming the line if it is not such a table, or has no record
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static Csv read(Path file) {
    return parse(TextLines.read(file), file.toString());
  }

  static Csv parse(List<String> text, String name) {
    var records = new ArrayList<List<String>>();
    var lines = new ArrayList<Integer>();
    for (int at = 0; at < text.size(); ) {
      var fields = new ArrayList<String>();
      int next = record(text, at, fields, name);
      boolean empty = text.get(at).isEmpty();
      if (!records.isEmpty() && !empty && fields.size() != records.getFirst().size()) {
        throw new FormatException(
            "%s: line %d: expected %d fields like the header, got %d"
                .formatted(name, at + 1, records.getFirst().size(), fields.size()));
      }
      if (!empty || !records.isEmpty() && records.getFirst().size() == 1) {
        records.add(List.copyOf(fields));
        lines.add(at + 1);
      }
      at = next;
    }
    if (records.size() < 2) {
      throw new FormatException(
          name + ": expected a line of column names and at least one record, got no record");
    }
    return new Csv(
        name,
        records.getFirst(),
        List.copyOf(records.subList(1, records.size())),
        lines.stream().skip(1).mapToInt(Integer::intValue).toArray());
  }

  /** Reads one record; returns the line after it. */
  private static int record(List<String> text, int first, List<String> fields, String name) {
    var field = new StringBuilder();
    boolean quoted = false;
    int line = first;
    String now = text.get(line);
    for (int at = 0; ; at++) {
      if (at == now.length()) {
        if (!quoted) {
          fields.add(field.toString());
          return line + 1;
        }
        if (++line == text.size()) {
          throw new FormatException(
              name + ": line " + (first + 1) + ": expected a closing quote, got the file's end");
        }
        field.append('\n');
        now = text.get(line);
        at = -1;
      } else if (now.charAt(at) == '"') {
        boolean doubled = quoted && now.startsWith("\"\"", at);
        if (doubled) {
          field.append('"');
          at++;
        } else {
          quoted = !quoted;
        }
      } else if (now.charAt(at) == ',' && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(now.charAt(at));
      }
    }
  }

  /**
   * {@return where a column is, 0 for the first}
   *
   * @param column its name, spaces around it aside
   * @throws FormatException with the nearest names if there is none
   */
  public int index(String column) {
    var names = header.stream().map(String::strip).toList();
    int index = names.indexOf(column.strip());
    if (index < 0) {
      throw new FormatException(name + ": column: " + Nearest.expected(column, names));
    }
    if (index != names.lastIndexOf(column.strip())) {
      throw new FormatException(
          "%s: column: expected one column %s, got several".formatted(name, column.strip()));
    }
    return index;
  }

  /**
   * {@return the numbers of a column, NaN where a field is empty, NA, NaN or null}
   *
   * @param column its name
   * @throws FormatException if there is none, or naming the first line without a finite number
   */
  public double[] numbers(String column) {
    int index = index(column);
    var numbers = new double[records.size()];
    for (int i = 0; i < numbers.length; i++) {
      String field = records.get(i).get(index).strip();
      numbers[i] = GAPS.contains(field) ? Double.NaN : number(field, column, lines[i]);
    }
    return numbers;
  }

  private double number(String field, String column, int line) {
    try {
      double number = Double.parseDouble(field);
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The sentence below says it all.
    }
    throw new FormatException(
        "%s: line %d: expected a number in column %s, got %.100s"
            .formatted(name, line, column, field));
  }
}
