package dev.sluice.weights;

import dev.sluice.FormatException;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * JSON as in RFC 8259, strict in both directions.
 *
 * <p>Values are {@code Map<String, Object>} (in the order of the text), {@code List<Object>},
 * {@code String}, {@code Long}, {@code Double}, {@code Boolean} and {@code null}. A number without
 * fraction and exponent is a Long if it fits and the nearest Double otherwise. What {@link #write}
 * writes, {@link #parse} reads back equal, every double to the bit.
 *
 * <pre>{@code
 * var config = (Map<?, ?>) Json.parse("{\"hidden\": 64}");
 * long hidden = (Long) config.get("hidden");
 * }</pre>
 */
public final class Json {
  private final StringBuilder out = new StringBuilder();
  private final boolean pretty;
  private int depth;

  private Json(boolean pretty) {
    this.pretty = pretty;
  }

  /**
   * {@return the value that a text holds}
   *
   * @param text one JSON value
   * @throws FormatException with line and column if the text is anything else, names a member
   *     twice, or nests more than 200 levels
   */
  public static Object parse(String text) {
    var reader = new JsonReader(text);
    Object value = reader.value();
    reader.end();
    return value;
  }

  /**
   * {@return the value that a UTF-8 file holds}
   *
   * @param file of one JSON value
   * @throws FormatException naming the file, line and column
   * @throws java.io.UncheckedIOException if the file is missing or cannot be read
   */
  public static Object read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // A device has no end, and a pipe may have no beginning.
      throw new FormatException(file, "expected a file, got a folder, device or pipe");
    }
    try {
      return parse(Files.readString(file));
    } catch (FormatException e) {
      throw new FormatException(file, e.getMessage());
    } catch (CharacterCodingException e) {
      throw new FormatException(file, "expected UTF-8 text, got other bytes");
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  /**
   * {@return a value as text without white space}
   *
   * @param value null, Boolean, Number, CharSequence, or a Map with String keys, Collection or
   *     array of these
   * @throws IllegalArgumentException for any other type, NaN, an infinity, an unpaired surrogate,
   *     or more than 200 levels
   */
  public static String write(Object value) {
    return new Json(false).append(value).out.toString();
  }

  /**
   * {@return a value as text for people: a member a line, two spaces a level, lists of plain values
   * on one line, a line feed at the end}
   *
   * @param value as for {@link #write}
   */
  public static String writePretty(Object value) {
    return new Json(true).append(value).out.append('\n').toString();
  }

  private Json append(Object value) {
    switch (value) {
      case null -> out.append("null");
      case Boolean b -> out.append(b);
      case CharSequence s -> string(s);
      case Double d -> number(d, d.isNaN() || d.isInfinite());
      case Float f -> number(f, f.isNaN() || f.isInfinite());
      case Long _, Integer _, Short _, Byte _ -> out.append(value);
      case Map<?, ?> map -> object(map);
      case Collection<?> list -> array(list);
      case Object array when array.getClass().isArray() -> array(boxed(array));
      default ->
          throw new IllegalArgumentException(
              "JSON: expected null, a Boolean, Number, String, Map, List or array, got "
                  + value.getClass().getName());
    }
    return this;
  }

  private void number(Number value, boolean notFinite) {
    if (notFinite) {
      throw new IllegalArgumentException("JSON: expected a finite number, got " + value);
    }
    out.append(value);
  }

  private void object(Map<?, ?> map) {
    open('{');
    String separator = "";
    for (var member : map.entrySet()) {
      if (!(member.getKey() instanceof String name)) {
        throw new IllegalArgumentException(
            "JSON: expected names that are Strings, got " + member.getKey());
      }
      out.append(separator);
      line();
      string(name);
      out.append(pretty ? ": " : ":");
      append(member.getValue());
      separator = ",";
    }
    close('}', !map.isEmpty());
  }

  private void array(Collection<?> list) {
    boolean lines = list.stream().anyMatch(Json::nests);
    open('[');
    String separator = "";
    for (Object item : list) {
      out.append(separator);
      if (lines) {
        line();
      }
      append(item);
      separator = pretty && !lines ? ", " : ",";
    }
    close(']', lines);
  }

  private static boolean nests(Object value) {
    return value instanceof Map
        || value instanceof Collection
        || value != null && value.getClass().isArray();
  }

  private static List<Object> boxed(Object array) {
    int length = Array.getLength(array);
    var list = new ArrayList<Object>(length);
    for (int i = 0; i < length; i++) {
      list.add(Array.get(array, i));
    }
    return list;
  }

  private void open(char bracket) {
    // The limit also ends a structure that contains itself.
    if (++depth > JsonReader.MAX_DEPTH) {
      throw new IllegalArgumentException(
          "JSON: expected at most " + JsonReader.MAX_DEPTH + " levels, got more");
    }
    out.append(bracket);
  }

  private void close(char bracket, boolean onItsOwnLine) {
    depth--;
    if (onItsOwnLine) {
      line();
    }
    out.append(bracket);
  }

  private void line() {
    if (pretty) {
      out.append('\n').repeat("  ", depth);
    }
  }

  private void string(CharSequence text) {
    out.append('"');
    text.codePoints().forEach(this::character);
    out.append('"');
  }

  private void character(int c) {
    int escape = "\"\\\b\f\n\r\t".indexOf(c);
    if (escape >= 0) {
      out.append('\\').append("\"\\bfnrt".charAt(escape));
    } else if (c < 0x20 || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029) {
      out.append(String.format("\\u%04x", c));
    } else if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      throw new IllegalArgumentException(
          "JSON: expected whole characters, got half a surrogate pair");
    } else {
      out.appendCodePoint(c);
    }
  }
}
