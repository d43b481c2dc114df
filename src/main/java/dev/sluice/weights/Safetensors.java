package dev.sluice.weights;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A safetensors file: named tensors behind a JSON header.
 *
 * <p>{@link #open} reads and checks the whole header before any data; tensors are read when asked
 * for. No file handle is kept, so there is nothing to close: each read opens the file again and
 * refuses it if it is no longer the one whose header was checked. Instances are immutable and may
 * be shared by threads.
 *
 * <pre>{@code
 * Safetensors.write(file, Map.of("x", new HostTensor(Shape.of(2), new float[] {1, 2})), Map.of());
 * float[] x = Safetensors.open(file).floats("x");
 * }</pre>
 */
public final class Safetensors {
  private static final int CHUNK = 1 << 18;

  private final Path file;
  private final Identity identity;
  private final long dataStart;
  private final SafetensorsHeader header;

  /** Tells the file that was checked from another under the same name. */
  private record Identity(long size, FileTime modified, Object key) {
    static Identity of(Path file) throws IOException {
      var now = Files.readAttributes(file, BasicFileAttributes.class);
      if (!now.isRegularFile()) {
        throw new FormatException(
            file, "expected a file, got a " + (now.isDirectory() ? "folder" : "device or pipe"));
      }
      return new Identity(now.size(), now.lastModifiedTime(), now.fileKey());
    }
  }

  private Safetensors(Path file) throws IOException {
    this.file = file;
    identity = Identity.of(file);
    // Not a channel, which an interrupt of the reading thread would close.
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      if (identity.size < 8) {
        throw new FormatException(
            file, "truncated: expected a header length of 8 bytes, got " + identity.size);
      }
      long length = Long.reverseBytes(in.readLong());
      long room = Math.min(identity.size - 8, SafetensorsHeader.MAX_BYTES);
      if (length < 0 || length > room) {
        throw new FormatException(
            file,
            "expected a header length of at most %d (the file has %d bytes), got %s"
                .formatted(room, identity.size, Long.toUnsignedString(length)));
      }
      var utf8 = new byte[(int) length];
      in.readFully(utf8);
      dataStart = 8 + length;
      header = parse(file, utf8, identity.size - dataStart);
    }
  }

  private static SafetensorsHeader parse(Path file, byte[] utf8, long dataBytes) {
    try {
      return SafetensorsHeader.parse(utf8, dataBytes);
    } catch (FormatException e) {
      throw new FormatException(file, e.getMessage());
    }
  }

  /**
   * {@return the file, its header checked}
   *
   * @param file to be read
   * @throws FormatException if the header is malformed in any way, or does not cover the data
   *     exactly once
   * @throws java.io.UncheckedIOException if the file is missing or cannot be read
   */
  public static Safetensors open(Path file) {
    try {
      return new Safetensors(file);
    } catch (EOFException e) {
      throw new FormatException(file, "changed while it was read");
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  /** {@return the file} */
  public Path file() {
    return file;
  }

  /** {@return the names of all tensors, in the order of the header} */
  public List<String> names() {
    return List.copyOf(header.tensors().keySet());
  }

  /**
   * {@return whether there is a tensor of this name}
   *
   * @param name any text
   */
  public boolean has(String name) {
    return header.tensors().containsKey(name);
  }

  /** {@return the strings under {@code __metadata__}, unmodifiable; empty if there are none} */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /**
   * {@return the shape of a tensor}
   *
   * @param name of the tensor
   * @throws IllegalArgumentException if there is none of this name
   */
  public Shape shape(String name) {
    return entry(name).shape();
  }

  /**
   * {@return the type of a tensor's elements as the file names it: F64, F32, F16, BF16, I64, I32,
   * I16, I8, U8 or BOOL}
   *
   * @param name of the tensor
   * @throws IllegalArgumentException if there is none of this name
   */
  public String dtype(String name) {
    return entry(name).type().name();
  }

  /**
   * {@return a tensor of any type as floats, row-major} F64, I32 and I64 are rounded to nearest,
   * BOOL is 0 or 1.
   *
   * @param name of the tensor
   * @throws IllegalArgumentException if there is none of this name
   * @throws FormatException if the file has changed since it was opened
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public float[] floats(String name) {
    var out = new float[elements(name)];
    read(name, entry(name).type().bytes, (chunk, at) -> entry(name).type().floats(chunk, out, at));
    return out;
  }

  /**
   * {@return a tensor of any type as doubles, row-major} Exact, but for I64 beyond 2^53.
   *
   * @param name of the tensor
   * @throws RuntimeException as {@link #floats}
   */
  public double[] doubles(String name) {
    var out = new double[elements(name)];
    read(name, entry(name).type().bytes, (chunk, at) -> entry(name).type().doubles(chunk, out, at));
    return out;
  }

  /**
   * {@return a tensor of integers or BOOL, row-major}
   *
   * @param name of the tensor
   * @throws IllegalArgumentException if its elements are floating-point, or one does not fit an int
   * @throws RuntimeException as {@link #floats}
   */
  public int[] ints(String name) {
    long[] longs = longs(name);
    var out = new int[longs.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (int) longs[i];
      if (out[i] != longs[i]) {
        throw wrong(name, "expected 32-bit integers, got " + longs[i]);
      }
    }
    return out;
  }

  /**
   * {@return a tensor of integers or BOOL, row-major}
   *
   * @param name of the tensor
   * @throws IllegalArgumentException if its elements are floating-point
   * @throws RuntimeException as {@link #floats}
   */
  public long[] longs(String name) {
    StoredType type = entry(name).type();
    if (type.floating()) {
      throw wrong(name, "expected integers, got " + type);
    }
    var out = new long[elements(name)];
    read(
        name,
        type.bytes,
        (chunk, at) -> {
          for (int i = at; chunk.hasRemaining(); i++) {
            out[i] = type.integer(chunk);
          }
        });
    return out;
  }

  /**
   * {@return the bytes of a tensor of any type as they stand in the file, little-endian}
   *
   * @param name of the tensor
   * @throws RuntimeException as {@link #floats}
   */
  public byte[] bytes(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    var out = new byte[length(name, entry.end() - entry.begin(), "bytes")];
    read(name, 1, (chunk, at) -> chunk.get(out, at, chunk.remaining()));
    return out;
  }

  private SafetensorsHeader.Entry entry(String name) {
    SafetensorsHeader.Entry entry = header.tensors().get(name);
    if (entry == null) {
      throw wrong(name, "no such tensor among " + header.tensors().size());
    }
    return entry;
  }

  private int elements(String name) {
    return length(name, entry(name).shape().elements(), "elements");
  }

  private int length(String name, long count, String unit) {
    if (count > Integer.MAX_VALUE - 8) {
      throw wrong(name, "expected fewer than 2^31 " + unit + " for an array, got " + count);
    }
    return (int) count;
  }

  private IllegalArgumentException wrong(String name, String message) {
    return new IllegalArgumentException(file + ": tensor " + Text.quote(name) + ": " + message);
  }

  /** Takes a piece of a tensor, whose first element (or byte) has this index. */
  @FunctionalInterface
  private interface Sink {
    void accept(ByteBuffer chunk, int at);
  }

  private void read(String name, int width, Sink sink) {
    SafetensorsHeader.Entry entry = entry(name);
    long left = entry.end() - entry.begin();
    var chunk = new byte[(int) Math.min(CHUNK, left)];
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      if (!Identity.of(file).equals(identity)) {
        throw new FormatException(file, "changed since it was opened");
      }
      in.seek(dataStart + entry.begin());
      for (int at = 0; left > 0; ) {
        int n = (int) Math.min(chunk.length, left);
        in.readFully(chunk, 0, n);
        sink.accept(ByteBuffer.wrap(chunk, 0, n).order(ByteOrder.LITTLE_ENDIAN), at);
        at += n / width;
        left -= n;
      }
    } catch (EOFException e) {
      throw new FormatException(file, "truncated since it was opened");
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  /**
   * Writes a file whole or not at all, as {@link AtomicFile} does. The same tensors in the same
   * order give the same bytes; the header keeps the order, the data have wide elements first.
   *
   * @param file to be written or replaced
   * @param tensors by name, in the order of iteration
   * @param metadata strings for the header; may be empty
   * @throws IllegalArgumentException if a tensor is named {@code __metadata__} or the header grows
   *     beyond 100 MB
   * @throws java.io.UncheckedIOException naming the file and what failed
   */
  public static void write(
      Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
    Objects.requireNonNull(metadata, "metadata");
    SafetensorsHeader header = SafetensorsHeader.of(tensors, metadata);
    byte[] head = header.bytes();
    AtomicFile.write(
        file,
        out -> {
          out.write(head);
          var chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
          for (String name : header.byOffset()) {
            HostTensor tensor = tensors.get(name);
            for (int at = 0; at < tensor.shape().elements(); ) {
              at = tensor.copy(at, chunk.clear());
              out.write(chunk.array(), 0, chunk.position());
            }
          }
        });
  }
}
