package dev.sluice.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What tells a file's content from every other. */
public final class Sha256 {
  private Sha256() {}

  /**
   * {@return the SHA-256 of a file, 64 hexadecimal digits}
   *
   * @param file to be read
   * @throws IOException if it cannot be
   */
  public static String of(Path file) throws IOException {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      var chunk = new byte[1 << 16];
      while (in.read(chunk) >= 0) {
        continue;
      }
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
