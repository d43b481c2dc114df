package dev.sluice.cli;

import dev.sluice.FormatException;
import dev.sluice.weights.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The members of a JSON object, checked as they are taken.
 *
 * @param file for messages
 * @param members by name
 */
record Fields(Path file, Map<?, ?> members) {
  static Fields read(Path file) {
    return of(file, "the file", Json.read(file));
  }

  private static Fields of(Path file, String name, Object value) {
    if (value instanceof Map<?, ?> map) {
      return new Fields(file, map);
    }
    throw new FormatException(file, "expected " + name + " to be a JSON object, got " + value);
  }

  Fields object(String name) {
    return of(file, '"' + name + '"', members.get(name));
  }

  String text(String name) {
    return take(name, String.class, "text");
  }

  boolean flag(String name) {
    return take(name, Boolean.class, "true or false");
  }

  long whole(String name) {
    return take(name, Long.class, "a whole number");
  }

  int small(String name) {
    long value = whole(name);
    if (value != (int) value) {
      throw wrong(name, "a whole number below 2^31", value);
    }
    return (int) value;
  }

  double number(String name) {
    return take(name, Number.class, "a number").doubleValue();
  }

  List<Integer> wholes(String name) {
    return ((List<?>) take(name, List.class, "a list of whole numbers"))
        .stream()
            .map(
                item -> {
                  if (item instanceof Long whole && whole == whole.intValue()) {
                    return whole.intValue();
                  }
                  throw wrong(name, "a list of whole numbers", item);
                })
            .toList();
  }

  private <T> T take(String name, Class<T> type, String expected) {
    Object value = members.get(name);
    if (!type.isInstance(value)) {
      throw wrong(name, expected, value);
    }
    return type.cast(value);
  }

  private FormatException wrong(String name, String expected, Object value) {
    return new FormatException(
        file, "expected \"" + name + "\" to be " + expected + ", got " + value);
  }
}
