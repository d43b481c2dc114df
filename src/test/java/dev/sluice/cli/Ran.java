package dev.sluice.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A command that was run in this JVM.
 *
 * @param code that it would exit with
 * @param out what it printed
 * @param err what it complained about
 */
record Ran(int code, String out, String err) {
  /** A model and frames so small that a step takes milliseconds. */
  static final List<String> TINY =
      List.of(
          "--size=32",
          "--patch=8",
          "--hidden=4",
          "--frames=3",
          "--ahead=3",
          "--batch=2",
          "--test-sequences=4");

  static Ran run(String... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
    return new Ran(code, out.toString(), err.toString());
  }

  /** The arguments of a tiny training run, on one thread: others may be busy. */
  static String[] train(Object out, long sequences, String... more) {
    var args = new ArrayList<>(List.of("train", "--out=" + out, "--sequences=" + sequences));
    args.addAll(TINY);
    args.addAll(Arrays.asList(more));
    if (args.stream().noneMatch(arg -> arg.startsWith("--threads"))) {
      args.add("--threads=1");
    }
    return args.toArray(String[]::new);
  }

  /**
   * The same in a process of its own, which may be sent signals.
   *
   * @param log where it prints to
   * @param shell bash's words before it, {@code ulimit -f 100;} say, or nothing
   */
  static Process start(Path log, String shell, String... args) throws IOException {
    var command = new ArrayList<String>();
    // Who runs the tests in the background has SIGINT ignored, and processes inherit that.
    command.addAll(
        List.of("env", "--default-signal=INT", "bash", "-c", shell + "exec \"$@\"", "bash"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData", "-Djava.awt.headless=true"));
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(
        System.getProperty("jdk.module.path", "") + ":" + System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(args));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  /** Sends a signal, INT or KILL say. */
  static void signal(Process process, String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }
}
