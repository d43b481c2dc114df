package dev.sluice.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void readsEveryKindOfValue() {
    var expected = new LinkedHashMap<String, Object>();
    expected.put("s", "x");
    expected.put("i", -12L);
    expected.put("d", 2.5);
    expected.put("b", List.of(true, false));
    expected.put("n", null);
    expected.put("o", Map.of());
    expected.put("a", List.of());
    String text =
        " {\"s\":\"x\",\t\"i\":-12,\r\n"
            + "\"d\":2.5,\"b\":[true,false],\"n\":null,\"o\":{},\"a\":[ ]} ";
    Object value = Json.parse(text);
    assertEquals(expected, value);
    assertEquals(
        List.of("s", "i", "d", "b", "n", "o", "a"), List.copyOf(((Map<?, ?>) value).keySet()));
  }

  @Test
  void readsEscapes() {
    assertEquals(
        "\"\\/\b\f\n\r\tA\u00e9\u20ac\ud83d\ude00\u0000",
        Json.parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00E9\\u20ac\\ud83D\\uDE00\\u0000\""));
    assertEquals("\ud83d\ude00", Json.parse("\"\ud83d\ude00\""));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, 999999999999999999L, Long.MAX_VALUE, Long.MIN_VALUE})
  void readsLongs(long value) {
    assertEquals(value, Json.parse(Long.toString(value)));
  }

  @ParameterizedTest
  @CsvSource({
    "1e0, 1",
    "1E+2, 100",
    "12.5e-1, 1.25",
    "-0.0, -0.0",
    "-0, -0.0",
    "4.9e-324, 4.9e-324",
    "9223372036854775808, 9223372036854775808",
    "1e-999, 0",
    "0.1, 0.1"
  })
  void readsDoubles(String text, double value) {
    assertEquals(value, Json.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "1 2",
        "{} {}",
        "[]]",
        "nul",
        "True",
        "nulll",
        "NaN",
        "Infinity",
        "-",
        "+1",
        ".5",
        "1.",
        "01",
        "-01",
        "1e",
        "1e+",
        "0x1",
        "1_0",
        "--1",
        "1e999",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "\"\n\"",
        "\"\u0000\"",
        "\"\t\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\ud800\"",
        "\"\ud800\\",
        "\u00a01",
        "\ufeff1",
        "// x\n1",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "\u0000",
        "1\u0000"
      })
  void refuses(String text) {
    assertThrows(FormatException.class, () -> Json.parse(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1 2]|JSON line 1, column 4: expected ',' or ']', got \"2\"",
        "{\"a\" 1}|JSON line 1, column 6: expected ':', got \"1\"",
        "[1,2|JSON line 1, column 5: expected ',' or ']', got the end",
        "[-]|JSON line 1, column 3: expected a digit, got \"]\"",
        "[tru]|JSON line 1, column 2: expected true, got \"t\"",
      })
  void saysWhereAndWhat(String text, String message) {
    assertEquals(message, assertThrows(FormatException.class, () -> Json.parse(text)).getMessage());
  }

  @Test
  void countsLinesAndColumns() {
    var e = assertThrows(FormatException.class, () -> Json.parse("{\n  \"a\": 1,\n  \"a\": 2\n}"));
    assertEquals("JSON line 3, column 3: expected each name once, got \"a\" again", e.getMessage());
    e = assertThrows(FormatException.class, () -> Json.parse("[\n\n   x]"));
    assertEquals("JSON line 3, column 4: expected a value, got \"x\"", e.getMessage());
    e = assertThrows(FormatException.class, () -> Json.parse("[\n\"a\nb\"]"));
    assertTrue(
        e.getMessage().startsWith("JSON line 2, column 3: expected control"), e.getMessage());
  }

  @Test
  void limitsDepth() {
    assertNotNull(Json.parse("[".repeat(200) + "]".repeat(200)));
    for (String open : List.of("[", "{\"a\":")) {
      var e = assertThrows(FormatException.class, () -> Json.parse(open.repeat(1_000_000)));
      assertTrue(e.getMessage().contains("at most 200 levels"), e.getMessage());
    }
    assertNotNull(Json.parse("[" + "[],".repeat(1000) + "[]]"), "depth goes down again");
  }

  @Test
  void messagesCarryNoControlCharacters() {
    var e = assertThrows(FormatException.class, () -> Json.parse("\u001b[31m"));
    assertTrue(e.getMessage().endsWith("got \"?\""), e.getMessage());
  }

  @Test
  void writesCompactAndPretty() {
    var value = new LinkedHashMap<String, Object>();
    value.put("loss", 0.5);
    value.put("sizes", new int[] {1, 2});
    value.put("rows", List.of(List.of(1.5f), List.of()));
    value.put("none", Map.of());
    assertEquals(
        "{\"loss\":0.5,\"sizes\":[1,2],\"rows\":[[1.5],[]],\"none\":{}}", Json.write(value));
    assertEquals(
        """
        {
          "loss": 0.5,
          "sizes": [1, 2],
          "rows": [
            [1.5],
            []
          ],
          "none": {}
        }
        """,
        Json.writePretty(value));
  }

  @Test
  void writesStringsThatReadBack() {
    String all = "\"\\/\b\f\n\r\t\u0000\u001f\u007f\u0085\u2028\u00e9\ud83d\ude00";
    assertEquals(all, Json.parse(Json.write(all)));
    assertEquals("\"\\u001b\\u007f\\u2028\"", Json.write("\u001b\u007f\u2028"));
  }

  @Test
  void doublesAndFloatsRoundTrip() {
    var random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      double d = Double.longBitsToDouble(random.nextLong());
      float f = Float.intBitsToFloat(random.nextInt());
      if (Double.isFinite(d)) {
        var back = assertInstanceOf(Double.class, Json.parse(Json.write(d)));
        assertEquals(Double.doubleToRawLongBits(d), Double.doubleToRawLongBits(back));
      }
      if (Float.isFinite(f)) {
        var back = assertInstanceOf(Double.class, Json.parse(Json.write(f)));
        assertEquals(Float.floatToRawIntBits(f), Float.floatToRawIntBits(back.floatValue()));
      }
    }
    assertEquals("-0.0", Json.write(-0.0));
    assertEquals(-0.0, Json.parse("-0.0"));
  }

  @Test
  void refusesToWriteWhatCannotBeRead() {
    var loop = new ArrayList<Object>();
    loop.add(loop);
    var values =
        Arrays.asList(
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            new double[] {Double.NaN},
            Map.of(1, 2),
            Collections.singletonMap(null, 1),
            new Object(),
            "\ud800",
            loop);
    for (Object value : values) {
      assertThrows(IllegalArgumentException.class, () -> Json.write(value));
    }
  }

  @Test
  void mutatedTextGivesFormatExceptionOnly() {
    String text = "{\"a\":[1,-2.5e3,\"\\u00e9\\n\"],\"b\":{\"c\":null,\"d\":true},\"\":[[],{}]}";
    var random = new Random(2);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      var mutant = new StringBuilder(text);
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        int at = random.nextInt(mutant.length());
        switch (random.nextInt(3)) {
          case 0 -> mutant.deleteCharAt(at);
          case 1 -> mutant.insert(at, text.charAt(random.nextInt(text.length())));
          default -> mutant.setCharAt(at, (char) random.nextInt(130));
        }
      }
      try {
        Object value = Json.parse(mutant.toString());
        assertEquals(value, Json.parse(Json.writePretty(value)));
      } catch (FormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 5_000, () -> "the mutations are too tame");
  }

  @Test
  void readsFilesAndNamesThem(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("config.json");
    var missing = assertThrows(UncheckedIOException.class, () -> Json.read(file));
    assertEquals(file + ": no such file", missing.getMessage());
    Files.writeString(file, "{\"e\": \"\u00e9\"}");
    assertEquals(Map.of("e", "\u00e9"), Json.read(file));
    Files.writeString(file, "{");
    var bad = assertThrows(FormatException.class, () -> Json.read(file));
    assertTrue(bad.getMessage().startsWith(file + ": JSON line 1, column 2"), bad.getMessage());
    Files.write(file, new byte[] {'"', (byte) 0xff, '"'});
    bad = assertThrows(FormatException.class, () -> Json.read(file));
    assertEquals(file + ": expected UTF-8 text, got other bytes", bad.getMessage());
  }

  @Test
  void readsFilesAlone(@TempDir Path folder) {
    var e = assertThrows(FormatException.class, () -> Json.read(folder));
    assertEquals(folder + ": expected a file, got a folder, device or pipe", e.getMessage());
    assertThrows(FormatException.class, () -> Json.read(Path.of("/dev/zero")));
  }
}
