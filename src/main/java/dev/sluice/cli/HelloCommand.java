package dev.sluice.cli;

import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs a small LSTM once and says how long that took from the start of the JVM. */
@Command(
    name = "hello",
    mixinStandardHelpOptions = true,
    header = "Times the first output of an LSTM from the start of the JVM.",
    description =
        "Runs a small LSTM once and prints the milliseconds since the JVM's process began.",
    footer = {"", "Example:", "  ./sluice hello"})
final class HelloCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin EngineOptions engine;

  HelloCommand() {}

  @Override
  public Integer call() {
    try (var device = engine.open();
        var arena = device.arena()) {
      var lstm = Rnn.lstm(8, 16).build(Weights.random(1), arena);
      try (var pass = Pass.inference(device)) {
        var x = pass.tensor(Shape.of(5, 2, 8), new float[5 * 2 * 8]);
        float first = lstm.forward(pass, x).y().floats()[0];
        spec.commandLine()
            .getOut()
            .println(
                "first output of an LSTM (%s engine): %s, %d ms after the start of the JVM"
                    .formatted(device.engine(), first, sinceStart()));
      }
    }
    return 0;
  }

  /** The JVM's own record of its start: that of the process is rounded to seconds on Linux. */
  private static long sinceStart() {
    long now = System.currentTimeMillis();
    return now - ManagementFactory.getRuntimeMXBean().getStartTime();
  }
}
