package dev.sluice.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM like this one that runs a main class of these benchmarks. */
final class Child implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;

  /**
   * Starts it.
   *
   * @param options of the JVM, after this one's
   * @param main class
   * @param arguments its
   */
  Child(List<String> options, Class<?> main, List<String> arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    out = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Its next line. */
  String line() throws IOException {
    var line = out.readLine();
    if (line == null) {
      throw new IllegalStateException("a JVM of the benchmarks ended before its answer");
    }
    return line;
  }

  long pid() {
    return process.pid();
  }

  /** Lets it run to its end. */
  void await() throws InterruptedException {
    process.waitFor();
  }

  /** A line of /proc/PID/status in bytes; -1 where there is none. */
  static long status(long pid, String name) throws IOException {
    var file = Path.of("/proc/" + pid + "/status");
    if (!Files.isReadable(file)) {
      return -1;
    }
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name + ":"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(-1);
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
