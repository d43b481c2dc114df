package dev.sluice.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What the user is told about a failure: one line.
 *
 * @param command where it happened
 * @param sentence what was expected and what came
 * @param code 2 for wrong use, 1 for everything else
 * @param cause for --debug
 */
record Failure(String command, String sentence, int code, Throwable cause) {
  static Failure of(ParameterException e) {
    var line = e.getCommandLine();
    String sentence = e.getMessage();
    if (e instanceof UnmatchedArgumentException unmatched) {
      sentence = unmatched(line, unmatched);
    }
    return new Failure(name(line), sentence, 2, e);
  }

  private static String unmatched(CommandLine line, UnmatchedArgumentException e) {
    String first = e.getUnmatched().getFirst();
    boolean option = first.startsWith("-");
    boolean command = !option && !line.getSubcommands().isEmpty();
    String kind = option ? "unknown option" : command ? "unknown command" : "unexpected argument";
    List<String> near = e.getSuggestions();
    return kind
        + " '"
        + first
        + "'"
        + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?")
        + ("; ./" + name(line) + " --help lists all").substring(near.isEmpty() ? 0 : 1);
  }

  static Failure of(CommandLine line, Throwable e) {
    int code = e instanceof IllegalArgumentException ? 2 : 1;
    String sentence =
        switch (e) {
          case OutOfMemoryError _ ->
              ("Java ran out of memory: %s; a smaller batch takes less, SLUICE_JAVA_OPTS=-Xmx4g"
                      + " gives more")
                  .formatted(e.getMessage());
          case UncheckedIOException io when io.getMessage().startsWith("java.") ->
              reason(io.getCause(), "no such file");
          case RuntimeException _ when e.getMessage() != null -> e.getMessage();
          default -> e.toString();
        };
    return new Failure(name(line), sentence, code, e);
  }

  private static String name(CommandLine line) {
    return line.getCommandSpec().qualifiedName();
  }

  int print(PrintWriter err, boolean debug) {
    err.println(command + ": " + sentence.strip().replaceAll("\\s*\\R\\s*", "; "));
    if (debug) {
      cause.printStackTrace(err);
    }
    err.flush();
    return code;
  }

  /** An exception that says what failed with which file or folder, and why. */
  static UncheckedIOException io(Path file, String what, IOException e) {
    String reason = reason(e, "no such folder");
    String name = file + ": ";
    return new UncheckedIOException(
        name + what + ": " + (reason.startsWith(name) ? reason.substring(name.length()) : reason),
        e);
  }

  private static String reason(IOException e, String missing) {
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
