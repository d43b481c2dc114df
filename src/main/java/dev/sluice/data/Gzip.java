package dev.sluice.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/**
 * Tells gzip data from plain data by their first two bytes, so that a file's name does not matter.
 */
final class Gzip {
  private Gzip() {}

  /**
   * {@return the stream's content, unpacked if it is gzip data}
   *
   * @param in the file's bytes
   */
  static InputStream unpacked(InputStream in) throws IOException {
    var buffered = new BufferedInputStream(in, 1 << 16);
    buffered.mark(2);
    boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
    buffered.reset();
    return gzip ? new GZIPInputStream(buffered, 1 << 16) : buffered;
  }
}
