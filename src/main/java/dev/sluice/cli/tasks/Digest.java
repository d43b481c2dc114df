package dev.sluice.cli.tasks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What tells a file's content from every other. */
final class Digest {
  private Digest() {}

  /** {@return the SHA-256 of a file, 64 hexadecimal digits} */
  static String of(Path file) {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      var chunk = new byte[1 << 16];
      while (in.read(chunk) >= 0) {
        continue;
      }
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (IOException e) {
      throw FileFailure.reading(file, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
