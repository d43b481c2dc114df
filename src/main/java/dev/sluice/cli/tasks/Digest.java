package dev.sluice.cli.tasks;

import dev.sluice.weights.Sha256;
import java.io.IOException;
import java.nio.file.Path;

/** What tells the content of a file of data from every other. */
final class Digest {
  private Digest() {}

  /** {@return the SHA-256 of a file, 64 hexadecimal digits} */
  static String of(Path file) {
    try {
      return Sha256.of(file);
    } catch (IOException e) {
      throw FileFailure.reading(file, e);
    }
  }
}
