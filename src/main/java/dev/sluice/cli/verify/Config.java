package dev.sluice.cli.verify;

import dev.sluice.FormatException;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * An object of the manifest, read with its types checked. A member that is null is as good as none.
 *
 * @param path where it stands, for messages: {@code manifest.json: case lstm_basic: config}
 * @param members as read
 */
record Config(String path, Map<?, ?> members) {
  static Config of(String path, Object value) {
    if (value instanceof Map<?, ?> members) {
      return new Config(path, members);
    }
    throw new FormatException(path + ": expected an object, got " + value);
  }

  boolean has(String key) {
    return members.get(key) != null;
  }

  Collection<String> keys() {
    return members.keySet().stream().map(String::valueOf).toList();
  }

  Config object(String key) {
    return of(path + ": " + key, has(key) ? members.get(key) : Map.of());
  }

  List<?> list(String key) {
    Object value = has(key) ? members.get(key) : List.of();
    return value instanceof List<?> list ? list : wrong(key, "a list", value);
  }

  int integer(String key, int absent) {
    return has(key) ? integer(key, members.get(key)) : absent;
  }

  int integer(String key) {
    return integer(key, members.get(key));
  }

  private int integer(String key, Object value) {
    return value instanceof Long l && l == l.intValue()
        ? l.intValue()
        : wrong(key, "an integer", value);
  }

  double number(String key, double absent) {
    Object value = has(key) ? members.get(key) : absent;
    return value instanceof Number n ? n.doubleValue() : wrong(key, "a number", value);
  }

  /** One number, or a list of them. */
  double[] numbers(String key) {
    var values = members.get(key) instanceof List<?> list ? list : List.of(members.get(key));
    return values.stream()
        .mapToDouble(v -> v instanceof Number n ? n.doubleValue() : wrong(key, "numbers", v))
        .toArray();
  }

  boolean flag(String key, boolean absent) {
    Object value = has(key) ? members.get(key) : absent;
    return value instanceof Boolean b ? b : wrong(key, "true or false", value);
  }

  String text(String key, String absent) {
    Object value = has(key) ? members.get(key) : absent;
    return value instanceof String s ? s : wrong(key, "a string", value);
  }

  /** How long a list is; 0 for what is no list. */
  int length(String key) {
    return members.get(key) instanceof List<?> list ? list.size() : 0;
  }

  /** Integers, {@code count} of them: a list of as many, or one that stands for all. */
  int[] integers(String key, int count) {
    Object value = members.get(key);
    var list = value instanceof List<?> l ? l : Collections.nCopies(count, value);
    if (list.size() != count) {
      return wrong(key, "one integer or " + count, value);
    }
    return list.stream().mapToInt(v -> integer(key, v)).toArray();
  }

  /** Refuses any text but one of these, or none. */
  void require(String key, String... supported) {
    if (has(key) && !List.of(supported).contains(members.get(key))) {
      throw new NotSupported(
          key + " is " + members.get(key) + ", supported is " + String.join(" or ", supported));
    }
  }

  private <T> T wrong(String key, String expected, Object got) {
    throw new FormatException(path + ": " + key + ": expected " + expected + ", got " + got);
  }
}
