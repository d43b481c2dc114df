package dev.sluice.data;

import dev.sluice.FormatException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.ZipException;

/**
 * An array of unsigned bytes as MNIST's IDX files hold it: two zero bytes, the type 0x08, the
 * number of axes, each axis as a big-endian 32-bit size, then the elements, row-major; gzip or not.
 *
 * @param dims sizes, outermost first
 * @param bytes the elements
 */
record Idx(int[] dims, byte[] bytes) {
  private static final int UNSIGNED_BYTES = 0x08;

  /**
   * Reads a whole stream.
   *
   * @param in the file's bytes; left open
   * @param name of the file, for messages
   * @param rank the number of axes expected
   * @throws FormatException if it is truncated, longer than it says, or something else than IDX
   *     bytes
   */
  static Idx read(InputStream in, String name, int rank) throws IOException {
    try {
      InputStream plain = Gzip.unpacked(in);
      int[] dims = header(plain, name, rank);
      return new Idx(dims, elements(plain, name, dims));
    } catch (EOFException e) {
      throw new FormatException(name + ": expected a whole IDX file, but its gzip data end early");
    } catch (ZipException e) {
      throw new FormatException(name + ": expected gzip data, got damage: " + e.getMessage());
    }
  }

  private static int[] header(InputStream in, String name, int rank) throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4 || magic[0] != 0 || magic[1] != 0 || magic[2] != UNSIGNED_BYTES) {
      throw new FormatException(
          "%s: expected an IDX file of bytes (it starts with 00 00 08), got %s"
              .formatted(name, hex(magic)));
    }
    if (magic[3] != rank) {
      throw new FormatException(
          "%s: expected an IDX array of %d axes, got %d".formatted(name, rank, magic[3] & 0xff));
    }
    byte[] sizes = in.readNBytes(4 * rank);
    if (sizes.length < 4 * rank) {
      throw new FormatException(
          "%s: expected %d bytes of IDX header, got %d"
              .formatted(name, 4 + 4 * rank, 4 + sizes.length));
    }
    var dims = new int[rank];
    ByteBuffer.wrap(sizes).asIntBuffer().get(dims);
    return dims;
  }

  private static byte[] elements(InputStream in, String name, int[] dims) throws IOException {
    long count = 1;
    for (int d : dims) {
      if (d < 1 || (count *= d) > Integer.MAX_VALUE - 8) {
        throw new FormatException(
            "%s: expected IDX sizes of 1 or more and under 2 GiB in all, got %s"
                .formatted(name, Arrays.toString(dims)));
      }
    }
    byte[] elements = in.readNBytes((int) count);
    if (elements.length < count) {
      throw new FormatException(
          "%s: expected %d elements for %s, got %d"
              .formatted(name, count, Arrays.toString(dims), elements.length));
    }
    if (in.read() != -1) {
      throw new FormatException(
          "%s: expected %d elements for %s and the end, got more bytes"
              .formatted(name, count, Arrays.toString(dims)));
    }
    return elements;
  }

  private static String hex(byte[] bytes) {
    return bytes.length == 0 ? "an empty file" : HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}
