package dev.sluice.data;

import dev.sluice.FormatException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipException;

/** The lines of a UTF-8 text file, plain or gzip, without their ends (LF or CR LF). */
final class TextLines {
  private TextLines() {}

  /**
   * Reads a file.
   *
   * @throws FormatException naming the first line that is not UTF-8
   */
  static List<String> read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Reads what the library carries. */
  static List<String> resource(String name) {
    try (InputStream in = open(name)) {
      return read(in, name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static InputStream open(String resource) {
    return Objects.requireNonNull(
        TextLines.class.getResourceAsStream(resource),
        () -> "resource dev/sluice/data/" + resource);
  }

  static List<String> read(InputStream in, String name) throws IOException {
    try {
      return split(Gzip.unpacked(in).readAllBytes(), name);
    } catch (EOFException e) {
      throw new FormatException(name + ": expected a whole file, but its gzip data end early");
    } catch (ZipException e) {
      throw new FormatException(name + ": expected gzip data, got damage: " + e.getMessage());
    }
  }

  private static List<String> split(byte[] bytes, String name) {
    var lines = new ArrayList<String>();
    for (int at = 0; at < bytes.length; ) {
      int end = at;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      boolean carriage = end > at && bytes[end - 1] == '\r';
      lines.add(decode(bytes, at, carriage ? end - 1 : end, name, lines.size() + 1));
      at = end + 1;
    }
    if (!lines.isEmpty() && lines.getFirst().startsWith("\ufeff")) {
      lines.set(0, lines.getFirst().substring(1));
    }
    return lines;
  }

  private static String decode(byte[] bytes, int from, int to, String name, int line) {
    var in = ByteBuffer.wrap(bytes, from, to - from);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(in).toString();
    } catch (CharacterCodingException e) {
      throw new FormatException(
          "%s: line %d: expected UTF-8 text, got the byte %02x; save the whole file as UTF-8"
              .formatted(name, line, bytes[in.position()]));
    }
  }
}
