package dev.sluice.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHostileTest {
  @TempDir Path folder;

  private FormatException refused(byte[] bytes) throws IOException {
    Path file = folder.resolve("hostile");
    Files.write(file, bytes);
    var e = assertThrows(FormatException.class, () -> Safetensors.open(file));
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    return e;
  }

  private byte[] small() throws IOException {
    var tensors = new LinkedHashMap<String, HostTensor>();
    tensors.put("weight", new HostTensor(Shape.of(2, 3), new float[] {1, 2, 3, 4, 5, 6}));
    tensors.put("steps", new HostTensor(Shape.of(2), new long[] {1, 2}));
    tensors.put("mask", new HostTensor(Shape.of(3), new byte[] {1, 0, 1}));
    Path file = folder.resolve("small");
    Safetensors.write(file, tensors, Map.of("step", "12"));
    return Files.readAllBytes(file);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, 100_000_001, 300, 0, 1})
  void headerLength(long length) throws IOException {
    byte[] bytes = SafetensorsTest.bytes("{}" + " ".repeat(200), new byte[0]);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    refused(bytes);
  }

  @Test
  void aHeaderBeyondTheLimitIsNotRead() throws IOException {
    Path file = folder.resolve("huge");
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(200_000_000);
      out.writeLong(Long.reverseBytes(100_000_001));
    }
    var e = assertThrows(FormatException.class, () -> Safetensors.open(file));
    assertTrue(e.getMessage().contains("at most 100000000 "), e.getMessage());
  }

  @Test
  void truncatedAnywhere() throws IOException {
    byte[] whole = small();
    for (int n = 0; n < whole.length; n++) {
      refused(Arrays.copyOf(whole, n));
    }
    refused(Arrays.copyOf(whole, whole.length + 1));
  }

  /** Headers over 8 bytes of data. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|begin with '{'",
        "` {}`|begin with '{'",
        "{} {}|expected the end",
        "{}x|expected the end",
        "{\"a\":1}|expected an object",
        "{\"a\":{}}|expected dtype, got none",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}|expected data_offsets, got none",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}|expected shape, got none",
        "{\"a\":{\"dtype\":\"F8\",\"shape\":[2],\"data_offsets\":[0,8]}}|got \"F8\"",
        "{\"a\":{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}}|got \"f32\"",
        "{\"a\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}|expected a string",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}|expected an array",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}|got 2.0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}|sizes of 0 or more",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2,-1],\"data_offsets\":[0,8]}}|sizes of 0 or more",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}|expected 12 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}|2^63",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}|2^63",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387906],\"data_offsets\":[0,8]}}|2^63",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]}}|64-bit",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}|[begin, end]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}|[begin, end]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]}}|[begin, end]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}|at most 2 numbers",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}|bytes 0 to 7",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}|expected 12 bytes of"
            + " data",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|bytes 4 to 7",
        "{}|bytes 0 to 7",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}|got \"x\"",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}|once",
        "{\"__metadata__\":{\"a\":1}}|expected a string",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}|once",
        "{\"__metadata__\":\"x\"}|expected an object",
      })
  void header(String json, String problem) throws IOException {
    String message = refused(SafetensorsTest.bytes(json, new byte[8])).getMessage();
    assertTrue(message.contains(problem), message);
  }

  private static String entry(String name, int count, int begin) {
    return "\"%s\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
        .formatted(name, count, begin, begin + count);
  }

  @ParameterizedTest
  @CsvSource({
    "a 8 0 b 8 0, \"b\": overlaps tensor \"a\"",
    "a 5 0 b 5 3, \"b\": overlaps tensor \"a\"",
    "a 4 4 b 8 0, \"a\": overlaps tensor \"b\"",
    "a 8 0 b 0 4, \"b\": overlaps tensor \"a\"",
    "a 3 0 b 4 4, got none for bytes 3 to 3",
    "a 4 0 a 4 4, expected each name once",
  })
  void pairs(String pair, String problem) throws IOException {
    String[] p = pair.split(" ");
    String json =
        "{"
            + entry(p[0], Integer.parseInt(p[1]), Integer.parseInt(p[2]))
            + ","
            + entry(p[3], Integer.parseInt(p[4]), Integer.parseInt(p[5]))
            + "}";
    String message = refused(SafetensorsTest.bytes(json, new byte[8])).getMessage();
    assertTrue(message.contains(problem), message);
  }

  @Test
  void aLegalHeaderOfTheSameFormOpens() throws IOException {
    Path file = folder.resolve("legal");
    String json = "{" + entry("b", 4, 4) + "," + entry("n", 0, 4) + "," + entry("a", 4, 0) + "}  ";
    Files.write(file, SafetensorsTest.bytes(json, new byte[8]));
    assertEquals(List.of("b", "n", "a"), Safetensors.open(file).names());
  }

  @Test
  void bytesThatAreNotUtf8() throws IOException {
    byte[] bytes = SafetensorsTest.bytes("{\"__metadata__\":{\"a\":\"?\"}}", new byte[0]);
    bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf('?')] = (byte) 0xff;
    assertTrue(refused(bytes).getMessage().contains("UTF-8"));
  }

  @Test
  void deepAndWideHeaders() throws IOException {
    refused(SafetensorsTest.bytes("{\"a\":".repeat(100_000), new byte[0]));
    refused(SafetensorsTest.bytes("{\"a\":" + "[".repeat(100_000), new byte[0]));
    String ones = "1,".repeat(100_000) + "1";
    String wide = "{\"a\":{\"shape\":[" + ones + "]}}";
    assertTrue(
        refused(SafetensorsTest.bytes(wide, new byte[0])).getMessage().contains("at most 64"));
  }

  @Test
  void aMillionTensorsAndOne() throws IOException {
    var json = new StringBuilder("{");
    for (int i = 0; i <= 1_000_000; i++) {
      json.append(i == 0 ? "" : ",").append('"').append(i);
      json.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    var message = refused(SafetensorsTest.bytes(json.append('}').toString(), new byte[0]));
    assertTrue(message.getMessage().contains("at most 1000000 tensors"), message.getMessage());
  }

  @Test
  void messagesCarryNoControlCharacters() throws IOException {
    String json = "{\"\\u001b[2J" + "x".repeat(10_000) + "\":{}}";
    String message = refused(SafetensorsTest.bytes(json, new byte[0])).getMessage();
    assertTrue(message.chars().allMatch(c -> c >= ' ' && c < 127), message);
    assertTrue(message.length() < 500, message);
  }

  @Test
  void mutationsGiveFormatExceptionOnly() throws IOException {
    byte[] whole = small();
    Path file = folder.resolve("mutant");
    var random = new Random(3);
    int refused = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] mutant = mutate(whole, random);
      Files.write(file, mutant);
      try {
        var opened = Safetensors.open(file);
        for (String name : opened.names()) {
          assertEquals(opened.shape(name).elements(), opened.doubles(name).length);
          opened.bytes(name);
        }
      } catch (FormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 2_000, "the mutations are too tame");
  }

  private static byte[] mutate(byte[] whole, Random random) {
    byte[] mutant = whole.clone();
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int at = random.nextInt(mutant.length);
      switch (random.nextInt(4)) {
        case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> mutant[at] = (byte) random.nextInt(256);
        // a digit or sign for a digit: the offsets and sizes
        case 2 -> {
          while (mutant[at] < '0' || mutant[at] > '9') {
            at = 8 + random.nextInt(whole.length - 8);
          }
          mutant[at] = (byte) "0123456789-".charAt(random.nextInt(11));
        }
        default -> {
          int to = random.nextInt(mutant.length);
          int n = Math.min(1 + random.nextInt(20), mutant.length - Math.max(at, to));
          System.arraycopy(mutant.clone(), at, mutant, to, n);
        }
      }
    }
    return mutant;
  }
}
