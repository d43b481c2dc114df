package dev.sluice.weights;

import dev.sluice.FormatException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.function.Consumer;

/**
 * A pull parser for RFC 8259, strict: no duplicate names, no unpaired surrogates, no number beyond
 * a double, at most {@value #MAX_DEPTH} levels. Large headers are read without building a tree.
 *
 * <p>Every method skips white space first and throws {@link FormatException} with line and column
 * (counted in chars, from 1) where the text is not what was asked for.
 */
final class JsonReader {
  static final int MAX_DEPTH = 200;

  private final String text;
  private int at;
  private int depth;

  JsonReader(String text) {
    this.text = text;
  }

  /** Reads any value; an object becomes a LinkedHashMap, an array an ArrayList. */
  Object value() {
    return switch (peek()) {
      case '{' -> {
        var map = new LinkedHashMap<String, Object>();
        object(key -> map.put(key, value()));
        yield map;
      }
      case '[' -> {
        var list = new ArrayList<Object>();
        array(() -> list.add(value()));
        yield list;
      }
      case '"' -> string();
      case 't' -> literal("true", true);
      case 'f' -> literal("false", false);
      case 'n' -> literal("null", null);
      default -> number();
    };
  }

  /**
   * Reads an object.
   *
   * @param member called after each name; it must read the value
   */
  void object(Consumer<String> member) {
    enter('{', "an object");
    var seen = new HashSet<String>();
    if (!skip('}')) {
      do {
        peek();
        int start = at;
        String key = string();
        if (!seen.add(key)) {
          throw error(start, "expected each name once, got " + Text.quote(key) + " again");
        }
        expect(':');
        member.accept(key);
      } while (skip(','));
      close('}');
    }
    depth--;
  }

  /**
   * Reads an array.
   *
   * @param item called for each item; it must read the value
   */
  void array(Runnable item) {
    enter('[', "an array");
    if (!skip(']')) {
      do {
        item.run();
      } while (skip(','));
      close(']');
    }
    depth--;
  }

  /** Reads an integer that fits a long. */
  long integer() {
    peek();
    int start = at;
    if (number() instanceof Long integer) {
      return integer;
    }
    throw error(start, "expected a 64-bit integer, got " + Text.clip(text.substring(start, at)));
  }

  String string() {
    if (peek() != '"') {
      throw unexpected("a string");
    }
    int start = ++at;
    while (at < text.length() && plain(text.charAt(at))) {
      at++;
    }
    if (at < text.length() && text.charAt(at) == '"') {
      return text.substring(start, at++);
    }
    var out = new StringBuilder(text.substring(start, at));
    while (at < text.length() && text.charAt(at) != '"') {
      character(out);
    }
    if (at == text.length()) {
      throw unexpected("'\"'");
    }
    at++;
    return out.toString();
  }

  /** Checks that nothing but white space is left. */
  void end() {
    if (peek() != 0 || at < text.length()) {
      throw unexpected("the end");
    }
  }

  private static boolean plain(char c) {
    return c >= ' ' && c != '"' && c != '\\' && !Character.isSurrogate(c);
  }

  private void character(StringBuilder out) {
    int start = at;
    char c = unit();
    out.append(c);
    if (Character.isHighSurrogate(c)) {
      char low = at < text.length() && text.charAt(at) != '"' ? unit() : 0;
      if (!Character.isLowSurrogate(low)) {
        throw error(start, "expected a surrogate pair, got one half");
      }
      out.append(low);
    } else if (Character.isLowSurrogate(c)) {
      throw error(start, "expected a surrogate pair, got one half");
    }
  }

  /** One UTF-16 unit inside a string, escaped or not. */
  private char unit() {
    char c = text.charAt(at);
    if (c < ' ') {
      throw unexpected("control characters to be escaped");
    }
    at++;
    if (c != '\\') {
      return c;
    }
    char escape = at < text.length() ? text.charAt(at) : 0;
    int plain = "\"\\/bfnrtu".indexOf(escape);
    if (plain < 0) {
      throw unexpected("one of \"\\/bfnrtu after a backslash");
    }
    at++;
    return escape == 'u' ? hex() : "\"\\/\b\f\n\r\t".charAt(plain);
  }

  private char hex() {
    int code = 0;
    for (int i = 0; i < 4; i++, at++) {
      char c = at < text.length() ? text.charAt(at) : 0;
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw unexpected("four hexadecimal digits");
      }
      code = code << 4 | digit;
    }
    return (char) code;
  }

  private Object number() {
    int start = at;
    boolean negative = accept('-');
    if (!accept('0')) {
      digits(start == at ? "a value" : "a digit");
    }
    int whole = at;
    if (accept('.')) {
      digits("a digit");
    }
    if (accept('e') || accept('E')) {
      if (!accept('-')) {
        accept('+');
      }
      digits("a digit");
    }
    String literal = text.substring(start, at);
    // 18 digits always fit a long; -0 is a double, since a long has no negative zero.
    if (whole == at && !literal.equals("-0")) {
      if (whole - start - (negative ? 1 : 0) <= 18) {
        return Long.parseLong(literal);
      }
      try {
        return Long.parseLong(literal);
      } catch (NumberFormatException beyond) {
        // falls through to the nearest double
      }
    }
    double value = Double.parseDouble(literal);
    if (Double.isInfinite(value)) {
      throw error(start, "expected a number within a double's range, got " + Text.clip(literal));
    }
    return value;
  }

  private void digits(String expected) {
    int start = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (start == at) {
      throw unexpected(expected);
    }
  }

  private Object literal(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw unexpected(word);
    }
    at += word.length();
    return value;
  }

  private void enter(char open, String what) {
    if (peek() != open) {
      throw unexpected(what);
    }
    if (++depth > MAX_DEPTH) {
      throw error(at, "expected at most " + MAX_DEPTH + " levels, got more");
    }
    at++;
  }

  private void expect(char c) {
    if (!skip(c)) {
      throw unexpected("'" + c + "'");
    }
  }

  private void close(char c) {
    if (!skip(c)) {
      throw unexpected("',' or '" + c + "'");
    }
  }

  private boolean skip(char c) {
    peek();
    return accept(c);
  }

  private boolean accept(char c) {
    boolean found = at < text.length() && text.charAt(at) == c;
    at += found ? 1 : 0;
    return found;
  }

  /** Skips white space; the next char, or 0 at the end. */
  private char peek() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
        return c;
      }
      at++;
    }
    return 0;
  }

  private FormatException unexpected(String expected) {
    String got =
        at == text.length() ? "the end" : Text.quote(Character.toString(text.codePointAt(at)));
    return error(at, "expected " + expected + ", got " + got);
  }

  private FormatException error(int where, String message) {
    int line = 1;
    int begin = 0;
    for (int next; (next = text.indexOf('\n', begin)) >= 0 && next < where; begin = next + 1) {
      line++;
    }
    return new FormatException(
        "JSON line " + line + ", column " + (where - begin + 1) + ": " + message);
  }
}
