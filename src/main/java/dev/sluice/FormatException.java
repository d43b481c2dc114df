package dev.sluice;

import java.nio.file.Path;

/**
 * A file that is there but does not hold what its kind promises: truncated, hostile, or foreign.
 */
public final class FormatException extends SluiceException {
  private static final long serialVersionUID = 1;

  /**
   * An exception about a file.
   *
   * @param file the file
   * @param message what was expected there and what came
   */
  public FormatException(Path file, String message) {
    super(file + ": " + message);
  }

  /**
   * An exception about what was read.
   *
   * @param message what was read, what was expected there and what came
   */
  public FormatException(String message) {
    super(message);
  }
}
