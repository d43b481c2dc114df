package dev.sluice.cli.tasks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** What is said about files that cannot be read or written. */
public final class FileFailure {
  private FileFailure() {}

  /**
   * {@return an exception that says what failed with which file or folder, and why}
   *
   * @param file or folder
   * @param what "cannot be written" say
   * @param e the reason
   */
  public static UncheckedIOException of(Path file, String what, IOException e) {
    String reason = reason(e, "no such folder");
    String name = file + ": ";
    return new UncheckedIOException(
        name + what + ": " + (reason.startsWith(name) ? reason.substring(name.length()) : reason),
        e);
  }

  /**
   * {@return an exception that says why a file cannot be read}
   *
   * @param file to be read
   * @param e the reason
   */
  static UncheckedIOException reading(Path file, IOException e) {
    String reason = reason(e, "no such file");
    String name = file + ": ";
    return new UncheckedIOException(
        reason.startsWith(name) ? reason : name + "cannot be read: " + reason, e);
  }

  /**
   * {@return why, in a few words}
   *
   * @param e the reason
   * @param missing what to say where something is not there
   */
  public static String reason(IOException e, String missing) {
    return switch (e) {
      case NoSuchFileException f -> f.getFile() + ": " + missing;
      case AccessDeniedException f -> f.getFile() + ": permission denied";
      case NotDirectoryException f -> f.getFile() + ": not a folder";
      case FileSystemException f when f.getReason() == null -> f.getFile() + ": " + kind(f);
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  private static String kind(FileSystemException e) {
    return switch (e.getClass().getSimpleName()) {
      case "FileAlreadyExistsException" -> "a file of that name is in the way";
      case String other -> other;
    };
  }
}
