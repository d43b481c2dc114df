package dev.sluice.weights;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON at the head of a safetensors file, read and written. A header that this class has read
 * covers each byte of the data exactly once.
 *
 * @param tensors by name, in the order of the header
 * @param metadata of the whole file
 */
record SafetensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
  static final int MAX_BYTES = 100_000_000;
  static final int MAX_TENSORS = 1_000_000;
  private static final int MAX_RANK = 64;
  private static final String METADATA = "__metadata__";

  /** Where a tensor lies: bytes begin to end - 1 of the data. */
  record Entry(StoredType type, Shape shape, long begin, long end) {}

  /**
   * Reads and checks a header.
   *
   * @param utf8 its bytes
   * @param dataBytes that follow in the file
   * @throws FormatException without the file's name
   */
  static SafetensorsHeader parse(byte[] utf8, long dataBytes) {
    var text = new String(utf8, StandardCharsets.UTF_8);
    if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), utf8)) {
      throw new FormatException("header: expected UTF-8, got other bytes");
    }
    if (!text.startsWith("{")) {
      throw new FormatException("header: expected to begin with '{'");
    }
    var header = new SafetensorsHeader(new LinkedHashMap<>(), new LinkedHashMap<>());
    var json = new JsonReader(text);
    json.object(name -> header.member(name, json));
    json.end();
    header.checkCover(dataBytes);
    return header;
  }

  private void member(String name, JsonReader json) {
    if (name.equals(METADATA)) {
      json.object(
          key -> {
            checkCount(metadata, "metadata strings");
            metadata.put(key, json.string());
          });
    } else {
      checkCount(tensors, "tensors");
      tensors.put(name, entry(name, json));
    }
  }

  private static void checkCount(Map<String, ?> map, String what) {
    if (map.size() == MAX_TENSORS) {
      throw new FormatException(
          "header: expected at most " + MAX_TENSORS + ' ' + what + ", got more");
    }
  }

  private static Entry entry(String name, JsonReader json) {
    var fields = new Fields(name);
    json.object(
        key -> {
          switch (key) {
            case "dtype" -> fields.type = json.string();
            case "shape" -> fields.shape = longs(name, "shape", json, MAX_RANK);
            case "data_offsets" -> fields.offsets = longs(name, "data_offsets", json, 2);
            default ->
                throw bad(name, "expected dtype, shape and data_offsets, got " + Text.quote(key));
          }
        });
    return fields.entry();
  }

  private static long[] longs(String name, String field, JsonReader json, int max) {
    var values = new long[max];
    var count = new int[1];
    json.array(
        () -> {
          if (count[0] == max) {
            throw bad(name, field + ": expected at most " + max + " numbers, got more");
          }
          values[count[0]++] = json.integer();
        });
    return Arrays.copyOf(values, count[0]);
  }

  private static FormatException bad(String name, String message) {
    return new FormatException("tensor " + Text.quote(name) + ": " + message);
  }

  /** What is known of a tensor while its JSON is read. */
  private static final class Fields {
    final String name;
    String type;
    long[] shape;
    long[] offsets;

    Fields(String name) {
      this.name = name;
    }

    Entry entry() {
      if (type == null || shape == null || offsets == null) {
        String missing = type == null ? "dtype" : shape == null ? "shape" : "data_offsets";
        throw bad(name, "expected " + missing + ", got none");
      }
      StoredType stored = StoredType.named(type);
      if (stored == null) {
        throw bad(
            name,
            "expected a dtype of "
                + Arrays.toString(StoredType.values())
                + ", got "
                + Text.quote(type));
      }
      if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
        throw bad(name, "expected data_offsets [begin, end], got " + Arrays.toString(offsets));
      }
      Shape dims;
      long bytes;
      try {
        dims = Shape.of(shape);
        bytes = Math.multiplyExact(dims.elements(), stored.bytes);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw bad(
            name,
            "expected sizes of 0 or more and fewer than 2^63 bytes, got shape "
                + Arrays.toString(shape)
                + " of "
                + stored);
      }
      if (offsets[1] - offsets[0] != bytes) {
        throw bad(
            name,
            "expected %d bytes for %s of %s, got data_offsets [%d, %d]"
                .formatted(bytes, dims, stored, offsets[0], offsets[1]));
      }
      return new Entry(stored, dims, offsets[0], offsets[1]);
    }
  }

  private void checkCover(long dataBytes) {
    var sorted = new ArrayList<>(tensors.entrySet());
    sorted.sort(
        Comparator.<Map.Entry<String, Entry>>comparingLong(e -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    long covered = 0;
    String last = null;
    for (var tensor : sorted) {
      Entry entry = tensor.getValue();
      if (entry.begin() < covered) {
        throw bad(tensor.getKey(), "overlaps tensor " + Text.quote(last));
      }
      if (entry.begin() > covered) {
        throw hole(covered, entry.begin());
      }
      covered = entry.end();
      last = tensor.getKey();
    }
    if (covered > dataBytes) {
      throw new FormatException(
          "truncated: expected " + covered + " bytes of data, got " + dataBytes);
    }
    if (covered < dataBytes) {
      throw hole(covered, dataBytes);
    }
  }

  private static FormatException hole(long from, long to) {
    return new FormatException(
        "expected each byte of data in a tensor, got none for bytes " + from + " to " + (to - 1));
  }

  /** A header for tensors in this order; wide elements first in the data, so all lie aligned. */
  static SafetensorsHeader of(Map<String, HostTensor> tensors, Map<String, String> metadata) {
    if (tensors.size() > MAX_TENSORS) {
      throw new IllegalArgumentException(
          "Safetensors.write: expected at most " + MAX_TENSORS + " tensors, got " + tensors.size());
    }
    var entries = new LinkedHashMap<String, Entry>();
    tensors.keySet().forEach(name -> entries.put(name, null));
    if (entries.containsKey(METADATA)) {
      throw new IllegalArgumentException(
          "Safetensors.write: expected a tensor's name, got " + METADATA);
    }
    long at = 0;
    for (int width : List.of(8, 4, 2, 1)) {
      for (var tensor : tensors.entrySet()) {
        StoredType type = tensor.getValue().type();
        Shape shape = tensor.getValue().shape();
        if (type.bytes == width) {
          long end = at + shape.elements() * width;
          entries.put(tensor.getKey(), new Entry(type, shape, at, end));
          at = end;
        }
      }
    }
    return new SafetensorsHeader(entries, metadata);
  }

  /** Length and JSON, padded with spaces to a multiple of 8. */
  byte[] bytes() {
    var json = new LinkedHashMap<String, Object>();
    if (!metadata.isEmpty()) {
      json.put(METADATA, metadata);
    }
    tensors.forEach(
        (name, entry) -> {
          var fields = new LinkedHashMap<String, Object>();
          fields.put("dtype", entry.type().name());
          fields.put("shape", entry.shape().dims());
          fields.put("data_offsets", List.of(entry.begin(), entry.end()));
          json.put(name, fields);
        });
    byte[] utf8 = Json.write(json).getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(utf8.length, 8) * 8;
    if (padded > MAX_BYTES) {
      throw new IllegalArgumentException(
          "Safetensors.write: expected a header of at most " + MAX_BYTES + " bytes, got " + padded);
    }
    var bytes = new byte[8 + padded];
    Arrays.fill(bytes, (byte) ' ');
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(utf8);
    return bytes;
  }

  /** Names in the order of their data. */
  List<String> byOffset() {
    return tensors.entrySet().stream()
        .sorted(Comparator.comparingLong(e -> e.getValue().begin()))
        .map(Map.Entry::getKey)
        .toList();
  }
}
