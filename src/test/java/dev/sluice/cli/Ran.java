package dev.sluice.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
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
}
