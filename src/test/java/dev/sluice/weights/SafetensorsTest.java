package dev.sluice.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  /** A file of one tensor [data.length / width] in any stored type. */
  private Safetensors stored(String dtype, int width, byte[] data) throws IOException {
    String json =
        "{\"x\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(dtype, data.length / width, data.length);
    Path file = folder.resolve(dtype);
    Files.write(file, bytes(json, data));
    return Safetensors.open(file);
  }

  static byte[] bytes(String json, byte[] data) {
    byte[] head = json.getBytes(StandardCharsets.UTF_8);
    return little(8 + head.length + data.length).putLong(head.length).put(head).put(data).array();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void roundTripsEveryTypeThatIsWritten() {
    var tensors = new LinkedHashMap<String, HostTensor>();
    tensors.put("u8", new HostTensor(Shape.of(3), new byte[] {0, 127, -1}));
    tensors.put("f32", new HostTensor(Shape.of(2, 2), new float[] {1.5f, -0f, Float.NaN, 1e-45f}));
    tensors.put("f64", new HostTensor(Shape.of(1, 2), new double[] {Math.PI, -1e300}));
    tensors.put("i32", new HostTensor(Shape.of(2), new int[] {Integer.MIN_VALUE, 7}));
    tensors.put("i64", new HostTensor(Shape.of(2), new long[] {Long.MIN_VALUE, -7}));
    tensors.put("scalar", new HostTensor(Shape.of(), new float[] {42}));
    tensors.put("empty", new HostTensor(Shape.of(3, 0), new float[0]));
    tensors.put("\u00e9 \"quoted\"\n", new HostTensor(Shape.of(1), new float[] {3}));
    Path file = folder.resolve("all.safetensors");
    Safetensors.write(file, tensors, Map.of("format", "pt"));

    var read = Safetensors.open(file);
    assertEquals(List.copyOf(tensors.keySet()), read.names());
    assertEquals(Map.of("format", "pt"), read.metadata());
    tensors.forEach((name, tensor) -> assertEquals(tensor.shape(), read.shape(name)));
    assertEquals("U8", read.dtype("u8"));
    assertArrayEquals(new byte[] {0, 127, -1}, read.bytes("u8"));
    assertArrayEquals(new int[] {0, 127, 255}, read.ints("u8"));
    assertArrayEquals((float[]) tensors.get("f32").data(), read.floats("f32"));
    assertArrayEquals((double[]) tensors.get("f64").data(), read.doubles("f64"));
    assertArrayEquals(new float[] {(float) Math.PI, -1f / 0}, read.floats("f64"));
    assertArrayEquals((int[]) tensors.get("i32").data(), read.ints("i32"));
    assertArrayEquals((long[]) tensors.get("i64").data(), read.longs("i64"));
    assertArrayEquals(new float[] {42}, read.floats("scalar"));
    assertArrayEquals(new float[0], read.floats("empty"));
    assertArrayEquals(new float[] {3}, read.floats("\u00e9 \"quoted\"\n"));
    assertTrue(read.has("u8"));
    assertFalse(read.has("u9"));
    assertEquals(file, read.file());
  }

  @Test
  void readsEveryHalf() throws IOException {
    var all = little(65536 * 2);
    for (int bits = 0; bits < 65536; bits++) {
      all.putShort((short) bits);
    }
    check(stored("F16", 2, all.array()), 5, 10);
    check(stored("BF16", 2, all.array()), 8, 7);
  }

  /** Against the definition: (-1)^s 2^(e - bias) 1.m, subnormal for e = 0. */
  private static void check(Safetensors file, int exponentBits, int mantissaBits) {
    float[] floats = file.floats("x");
    double[] doubles = file.doubles("x");
    int bias = (1 << exponentBits - 1) - 1;
    for (int bits = 0; bits < 65536; bits++) {
      int exponent = bits >> mantissaBits & (1 << exponentBits) - 1;
      int mantissa = bits & (1 << mantissaBits) - 1;
      double value =
          exponent == 0
              ? Math.scalb((double) mantissa, 1 - bias - mantissaBits)
              : Math.scalb((double) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
      if (exponent == (1 << exponentBits) - 1) {
        value = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
      }
      value = bits >= 32768 ? -value : value;
      assertEquals(value, floats[bits]);
      assertEquals(value, doubles[bits]);
    }
  }

  @Test
  void readsIntegersOfEveryWidth() throws IOException {
    assertArrayEquals(
        new int[] {-1, 128}, stored("I16", 2, new byte[] {-1, -1, -128, 0}).ints("x"));
    assertArrayEquals(new int[] {-1, -128}, stored("I8", 1, new byte[] {-1, -128}).ints("x"));
    assertArrayEquals(new int[] {255, 1}, stored("U8", 1, new byte[] {-1, 1}).ints("x"));
    assertArrayEquals(new int[] {0, 1}, stored("BOOL", 1, new byte[] {0, 1}).ints("x"));
    assertArrayEquals(new float[] {0, 1}, stored("BOOL", 1, new byte[] {0, 1}).floats("x"));
    var i32 = stored("I32", 4, little(8).putInt(16777217).putInt(-3).array());
    assertArrayEquals(new float[] {16777216, -3}, i32.floats("x"));
    assertArrayEquals(new double[] {16777217, -3}, i32.doubles("x"));
    // By way of a double this would round to 2^60.
    long notTwice = (1L << 60) + (1L << 36) + 1;
    var i64 = stored("I64", 8, little(8).putLong(notTwice).array());
    assertArrayEquals(new float[] {(float) notTwice}, i64.floats("x"));
    assertArrayEquals(new long[] {notTwice}, i64.longs("x"));
    var e = assertThrows(IllegalArgumentException.class, () -> i64.ints("x"));
    assertTrue(e.getMessage().endsWith("expected 32-bit integers, got " + notTwice));
  }

  @Test
  void readsTensorsLongerThanAChunk() {
    var floats = new float[300_001];
    var bytes = new byte[600_001];
    var longs = new long[100_003];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = i;
      bytes[i] = (byte) i;
      longs[i % longs.length] = i;
    }
    var tensors = new LinkedHashMap<String, HostTensor>();
    tensors.put("b", new HostTensor(Shape.of(bytes.length), bytes));
    tensors.put("f", new HostTensor(Shape.of(floats.length), floats));
    tensors.put("l", new HostTensor(Shape.of(longs.length), longs));
    Path file = folder.resolve("long");
    Safetensors.write(file, tensors, Map.of());
    var read = Safetensors.open(file);
    assertArrayEquals(bytes, read.bytes("b"));
    assertArrayEquals(floats, read.floats("f"));
    assertArrayEquals(longs, read.longs("l"));
    assertEquals(300_000.0, read.doubles("f")[300_000]);
  }

  @Test
  void writesTheSameAlignedBytesEachTime() throws IOException {
    var tensors = new LinkedHashMap<String, HostTensor>();
    tensors.put("a", new HostTensor(Shape.of(1), new byte[] {1}));
    tensors.put("b", new HostTensor(Shape.of(1), new float[] {1}));
    tensors.put("c", new HostTensor(Shape.of(1), new double[] {1}));
    Path file = folder.resolve("a");
    Safetensors.write(file, tensors, Map.of());
    byte[] bytes = Files.readAllBytes(file);
    String head =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[12,13]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
            + "\"c\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    head += " ".repeat(-head.length() & 7);
    byte[] data = little(13).putDouble(1).putFloat(1).put((byte) 1).array();
    assertArrayEquals(bytes(head, data), bytes);
    Safetensors.write(file, tensors, Map.of());
    assertArrayEquals(bytes, Files.readAllBytes(file));
  }

  @Test
  void aFailedWriteLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("model");
    Safetensors.write(file, Map.of(), Map.of("v", "1"));
    var one = new HostTensor(Shape.of(1), new float[1]);
    assertThrows(
        IllegalArgumentException.class,
        () -> Safetensors.write(file, Map.of("__metadata__", one), Map.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> Safetensors.write(file, Map.of("\ud800", one), Map.of()));
    assertEquals(Map.of("v", "1"), Safetensors.open(file).metadata());
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
    Path none = folder.resolve("none/model");
    var e =
        assertThrows(UncheckedIOException.class, () -> Safetensors.write(none, Map.of(), Map.of()));
    assertEquals(none + ": cannot be written: no such folder", e.getMessage());
  }

  @Test
  void refusesTensorsWhoseDataDoNotFit() {
    Shape two = Shape.of(2);
    for (Object data : new Object[] {new float[3], new int[1], new short[2], "ab", null}) {
      assertThrows(IllegalArgumentException.class, () -> new HostTensor(two, data));
    }
  }

  @Test
  void saysWhatIsWrongWithARequest() throws IOException {
    var file = stored("F32", 4, new byte[4]);
    var e = assertThrows(IllegalArgumentException.class, () -> file.floats("y"));
    assertEquals(file.file() + ": tensor \"y\": no such tensor among 1", e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> file.ints("x"));
    assertEquals(file.file() + ": tensor \"x\": expected integers, got F32", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> file.shape("y"));
    assertThrows(IllegalArgumentException.class, () -> file.bytes("y"));
  }

  @Test
  void missingFilesAndFoldersAreNamed() {
    Path none = folder.resolve("none");
    var e = assertThrows(UncheckedIOException.class, () -> Safetensors.open(none));
    assertEquals(none + ": no such file", e.getMessage());
    var f = assertThrows(FormatException.class, () -> Safetensors.open(folder));
    assertEquals(folder + ": expected a file, got a folder", f.getMessage());
  }

  @Test
  void aFileThatChangesAfterOpeningIsRefused() throws IOException {
    var data = new byte[400];
    var truncated = stored("F32", 4, data);
    Files.write(truncated.file(), Arrays.copyOf(Files.readAllBytes(truncated.file()), 90));
    var e = assertThrows(FormatException.class, () -> truncated.floats("x"));
    assertEquals(truncated.file() + ": changed since it was opened", e.getMessage());

    var replaced = stored("F32", 4, data);
    AtomicFile.write(replaced.file(), Files.readAllBytes(replaced.file()));
    assertThrows(FormatException.class, () -> replaced.bytes("x"));

    var deleted = stored("F32", 4, data);
    Files.delete(deleted.file());
    assertThrows(UncheckedIOException.class, () -> deleted.doubles("x"));
  }

  @Test
  void anInterruptedThreadStillReads() throws IOException {
    var file = stored("F32", 4, new byte[400]);
    Thread.currentThread().interrupt();
    try {
      assertEquals(100, Safetensors.open(file.file()).floats("x").length);
    } finally {
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void opensAHundredThousandTensors() {
    var tensors = new LinkedHashMap<String, HostTensor>();
    for (int i = 0; i < 100_000; i++) {
      tensors.put("layer." + i + ".weight", new HostTensor(Shape.of(1), new float[] {i}));
    }
    Path file = folder.resolve("many");
    Safetensors.write(file, tensors, Map.of());
    var read = Safetensors.open(file);
    assertEquals(100_000, read.names().size());
    assertArrayEquals(new float[] {77_777}, read.floats("layer.77777.weight"));
  }
}
