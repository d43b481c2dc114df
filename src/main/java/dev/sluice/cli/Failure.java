package dev.sluice.cli;

import dev.sluice.cli.tasks.FileFailure;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
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
          case UncheckedIOException io when tellsOnlyTheFile(io) ->
              FileFailure.reason(io.getCause(), "no such file");
          case RuntimeException _ when e.getMessage() != null -> e.getMessage();
          default -> e.toString();
        };
    return new Failure(name(line), sentence, code, e);
  }

  /** Whether the message has no reason in it, as those of Java's own file exceptions have not. */
  private static boolean tellsOnlyTheFile(UncheckedIOException e) {
    return e.getMessage().startsWith("java.")
        || e.getCause() instanceof FileSystemException f
            && f.getReason() == null
            && e.getMessage().endsWith(": " + f.getMessage());
  }

  private static String name(CommandLine line) {
    return line.getCommandSpec().qualifiedName();
  }

  int print(PrintWriter err, boolean debug) {
    // A file's own text may be in it: no control characters of that reach a terminal.
    var line =
        sentence
            .strip()
            .replaceAll("(?<=:)\\s*\\R\\s*", " ")
            .replaceAll("\\s*\\R\\s*", "; ")
            .replaceAll("\\p{Cntrl}", "?");
    err.println(command + ": " + line);
    if (debug) {
      cause.printStackTrace(err);
    }
    err.flush();
    return code;
  }
}
