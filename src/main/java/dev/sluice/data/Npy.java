package dev.sluice.data;

import dev.sluice.FormatException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.ZipException;

/**
 * NumPy's array files: reads .npy versions 1 to 3, plain or gzip; writes version 1, float32.
 *
 * <p>Read are little-endian {@code f4}, {@code f8}, {@code u1}, {@code i2}, {@code i4} and {@code
 * i8}, row-major; wider types are rounded to the nearest float. Everything else is refused with a
 * {@link FormatException}: other types and byte orders, Fortran order, pickled objects, truncated
 * or overlong files, sizes of 2 GiB or more.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  // NumPy's own limit (max_header_size).
  private static final int MAX_HEADER = 10_000;

  private Npy() {}

  /**
   * Reads a file.
   *
   * @param file plain or gzip, whatever its name
   * @return its array
   * @throws FormatException if it is not such a file
   * @throws UncheckedIOException if it cannot be read
   */
  public static NpyArray read(Path file) {
    if (Files.isDirectory(file)) {
      throw new FormatException(file, "expected a .npy file, got a folder");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a stream to its end.
   *
   * @param in plain or gzip; left open
   * @param name for messages
   * @return its array
   * @throws FormatException if it does not hold such a file
   * @throws UncheckedIOException if it cannot be read
   */
  public static NpyArray read(InputStream in, String name) {
    try {
      return parse(Gzip.unpacked(in), name);
    } catch (EOFException e) {
      throw new FormatException(name + ": expected a whole .npy file, but its gzip data end early");
    } catch (ZipException e) {
      throw new FormatException(name + ": expected gzip data, got damage: " + e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NpyArray parse(InputStream in, String name) throws IOException {
    NpyHeader header = NpyHeader.parse(headerText(in, name), name);
    long expected = header.shape().elements() * header.type().bytes();
    if (header.shape().elements() > Integer.MAX_VALUE || expected > Integer.MAX_VALUE - 8) {
      throw new FormatException(
          name + ": expected an array under 2 GiB, got the shape " + header.shape());
    }
    byte[] data = in.readNBytes((int) expected);
    if (data.length < expected) {
      throw new FormatException(
          "%s: expected %d bytes for %s, got %d"
              .formatted(name, expected, header.shape(), data.length));
    }
    if (in.read() != -1) {
      throw new FormatException(
          "%s: expected %d bytes for %s and the end, got more"
              .formatted(name, expected, header.shape()));
    }
    return new NpyArray(header.shape(), header.type().floats(data));
  }

  private static String headerText(InputStream in, String name) throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8 || !Arrays.equals(start, 0, 6, MAGIC, 0, 6)) {
      throw new FormatException(
          "%s: expected a .npy file (it starts with 93 NUMPY), got the bytes [%s]"
              .formatted(name, HexFormat.ofDelimiter(" ").formatHex(start)));
    }
    int version = start[6];
    if (version < 1 || version > 3 || start[7] != 0) {
      throw new FormatException(
          "%s: expected .npy version 1.0, 2.0 or 3.0, got %d.%d"
              .formatted(name, version & 0xff, start[7] & 0xff));
    }
    int width = version == 1 ? 2 : 4;
    byte[] size = Arrays.copyOf(in.readNBytes(width), 4);
    int length = ByteBuffer.wrap(size).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (length < 0 || length > MAX_HEADER) {
      throw new FormatException(
          "%s: expected a .npy header of at most %d bytes, got %d"
              .formatted(name, MAX_HEADER, Integer.toUnsignedLong(length)));
    }
    byte[] text = in.readNBytes(length);
    if (text.length < length) {
      throw new FormatException(
          "%s: expected a .npy header of %d bytes, got %d".formatted(name, length, text.length));
    }
    return new String(text, version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
  }

  /**
   * {@return the array as a .npy file, version 1.0, type {@code <f4}}
   *
   * @param array of any shape whose file stays under 2 GiB
   */
  public static byte[] bytes(NpyArray array) {
    byte[] header = NpyHeader.text(array.shape()).getBytes(StandardCharsets.ISO_8859_1);
    // NumPy aligns the data to 64 bytes and ends the header with a newline.
    int start = (MAGIC.length + 4 + header.length + 1 + 63) / 64 * 64;
    var file =
        ByteBuffer.allocate(Math.addExact(start, Math.multiplyExact(4, array.values().length)))
            .order(ByteOrder.LITTLE_ENDIAN);
    Arrays.fill(file.array(), 0, start, (byte) ' ');
    file.put(MAGIC).put((byte) 1).put((byte) 0);
    file.putShort((short) (start - MAGIC.length - 4)).put(header);
    file.put(start - 1, (byte) '\n');
    file.position(start).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(array.values());
    return file.array();
  }
}
