package dev.sluice.cli.tasks;

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
public record Fields(Path file, Map<?, ?> members) {
  /**
   * {@return the members of the object in a file}
   *
   * @param file of JSON
   */
  public static Fields read(Path file) {
    return of(file, "the file", Json.read(file));
  }

  private static Fields of(Path file, String name, Object value) {
    if (value instanceof Map<?, ?> map) {
      return new Fields(file, map);
    }
    throw new FormatException(file, "expected " + name + " to be a JSON object, got " + value);
  }

  /**
   * {@return an object inside}
   *
   * @param name of the member
   */
  public Fields object(String name) {
    return of(file, '"' + name + '"', members.get(name));
  }

  /**
   * {@return a text}
   *
   * @param name of the member
   */
  public String text(String name) {
    return take(name, String.class, "text");
  }

  /**
   * {@return true or false}
   *
   * @param name of the member
   */
  public boolean flag(String name) {
    return take(name, Boolean.class, "true or false");
  }

  /**
   * {@return a whole number}
   *
   * @param name of the member
   */
  public long whole(String name) {
    return take(name, Long.class, "a whole number");
  }

  /**
   * {@return a whole number of an int's size}
   *
   * @param name of the member
   */
  public int small(String name) {
    long value = whole(name);
    if (value != (int) value) {
      throw wrong(name, "a whole number below 2^31", value);
    }
    return (int) value;
  }

  /**
   * {@return a number}
   *
   * @param name of the member
   */
  public double number(String name) {
    return take(name, Number.class, "a number").doubleValue();
  }

  /**
   * {@return a list of whole numbers}
   *
   * @param name of the member
   */
  public List<Integer> wholes(String name) {
    return list(name, Long.class, "a list of whole numbers").stream()
        .map(
            item -> {
              if (item != item.intValue()) {
                throw wrong(name, "a list of whole numbers below 2^31", item);
              }
              return item.intValue();
            })
        .toList();
  }

  /**
   * {@return a list of large whole numbers}
   *
   * @param name of the member
   */
  public List<Long> longs(String name) {
    return list(name, Long.class, "a list of whole numbers");
  }

  /**
   * {@return a list of texts}
   *
   * @param name of the member
   */
  public List<String> texts(String name) {
    return list(name, String.class, "a list of texts");
  }

  private <T> List<T> list(String name, Class<T> type, String expected) {
    List<?> all = take(name, List.class, expected);
    for (Object item : all) {
      if (!type.isInstance(item)) {
        throw wrong(name, expected, item);
      }
    }
    return all.stream().map(type::cast).toList();
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
