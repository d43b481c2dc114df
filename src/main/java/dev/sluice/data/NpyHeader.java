package dev.sluice.data;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The dictionary at the head of a .npy file: {@code {'descr': '<f4', 'fortran_order': False,
 * 'shape': (2, 3), }}.
 *
 * @param type of the elements
 * @param shape of the array
 */
record NpyHeader(NpyType type, Shape shape) {
  private static final Pattern DICTIONARY = Pattern.compile("\\s*\\{(.*)}\\s*", Pattern.DOTALL);
  private static final Pattern ENTRY =
      Pattern.compile(
          "\\s*['\"](descr|fortran_order|shape)['\"]\\s*:\\s*"
              + "('[^']*+'|\"[^\"]*+\"|True|False|\\([0-9,\\s]*+\\)|\\[.*])\\s*(?:,\\s*|$)",
          Pattern.DOTALL);
  private static final int MAX_RANK = 32;

  static NpyHeader parse(String text, String name) {
    Map<String, String> entries = entries(text, name);
    if (!entries.keySet().equals(Set.of("descr", "fortran_order", "shape"))) {
      throw foreign(text, name);
    }
    NpyType type = NpyType.of(entries.get("descr").replaceAll("^['\"]|['\"]$", ""), name);
    if (!entries.get("fortran_order").equals("False")) {
      throw new FormatException(
          name + ": expected row-major (C) order, got Fortran order; save numpy.ascontiguousarray");
    }
    return new NpyHeader(type, shape(entries.get("shape"), name));
  }

  private static Map<String, String> entries(String text, String name) {
    Matcher dictionary = DICTIONARY.matcher(text);
    if (!dictionary.matches()) {
      throw foreign(text, name);
    }
    String inside = dictionary.group(1);
    var entries = new HashMap<String, String>();
    Matcher entry = ENTRY.matcher(inside);
    int at = 0;
    while (at < inside.length()) {
      boolean next = entry.region(at, inside.length()).lookingAt();
      if (!next || entries.put(entry.group(1), entry.group(2)) != null) {
        throw foreign(text, name);
      }
      at = entry.end();
    }
    return entries;
  }

  private static Shape shape(String tuple, String name) {
    if (!tuple.startsWith("(")) {
      throw new FormatException(name + ": expected a .npy shape like (2, 3), got " + tuple);
    }
    String inside = tuple.substring(1, tuple.length() - 1).strip().replaceFirst(",$", "");
    try {
      long[] dims =
          tuple.equals("()")
              ? new long[0]
              : Arrays.stream(inside.split(",", -1))
                  .mapToLong(d -> Long.parseLong(d.strip()))
                  .toArray();
      if (dims.length <= MAX_RANK) {
        return Shape.of(dims);
      }
    } catch (IllegalArgumentException e) {
      throw new FormatException(
          name + ": expected a .npy shape that fits, got " + cut(tuple) + ": " + e.getMessage());
    }
    throw new FormatException(
        name + ": expected at most " + MAX_RANK + " axes, got the shape " + cut(tuple));
  }

  /** {@return the dictionary of a float32 array} */
  static String text(Shape shape) {
    String dims =
        LongStream.of(shape.dims()).mapToObj(Long::toString).collect(Collectors.joining(", "));
    return "{'descr': '<f4', 'fortran_order': False, 'shape': (%s%s), }"
        .formatted(dims, shape.rank() == 1 ? "," : "");
  }

  private static FormatException foreign(String text, String name) {
    return new FormatException(
        name
            + ": expected a .npy header with 'descr', 'fortran_order' and 'shape', got "
            + cut(text));
  }

  private static String cut(String text) {
    String line = text.strip().replaceAll("\\p{Cntrl}", "?");
    return line.length() <= 80 ? line : line.substring(0, 80) + "...";
  }
}
