package dev.sluice.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;

/**
 * A run of {@code verify}.
 *
 * @param code its exit code
 * @param lines what it printed
 * @param errors what it printed as errors
 */
record VerifyRun(int code, List<String> lines, String errors) {
  static VerifyRun of(String... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    var all = Stream.concat(Stream.of("verify", "--engine=cpu"), Stream.of(args));
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), all.toArray(String[]::new));
    return new VerifyRun(code, out.toString().lines().toList(), err.toString());
  }

  String last() {
    return lines.getLast();
  }
}
