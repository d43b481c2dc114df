package dev.sluice.cli.bundle;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Programs of this machine. */
final class Tool {
  private Tool() {}

  /** {@return the program's file, if one of the folders of PATH has it} */
  static Optional<Path> find(String name) {
    return List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).stream()
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * {@return what a program printed}
   *
   * @throws IllegalStateException with its last line if it fails
   */
  static String run(Object... command) {
    var words = List.of(command).stream().map(Object::toString).toList();
    try {
      var process = new ProcessBuilder(words).redirectErrorStream(true).start();
      process.getOutputStream().close();
      var said = new String(process.getInputStream().readAllBytes()).strip();
      int code = process.waitFor();
      if (code != 0) {
        throw new IllegalStateException(
            "%s ended with %d: %s".formatted(words.getFirst(), code, said));
      }
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(words.getFirst() + " was interrupted", e);
    }
  }
}
