package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows that memory stays flat over very many inferences and very many devices. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    header = "Shows that memory stays flat over very many inferences and devices.",
    description =
        "Runs a small LSTM again and again, then opens and closes device, arena and model again and"
            + " again, and prints the resident memory of the process on the way. Exits with 1 if"
            + " the second half of either loop grew by more than --slack.",
    footer = {
      "",
      "Examples:",
      "  ./sluice soak",
      "  ./sluice soak --inferences 1000000 --cycles 0"
    })
final class SoakCommand implements Callable<Integer> {
  private static final int REPORTS = 10;

  @Spec CommandSpec spec;

  @Option(
      names = "--inferences",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Inferences; default: ${DEFAULT-VALUE}.")
  int inferences;

  @Option(
      names = "--cycles",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Devices, arenas and models to open and close; default: ${DEFAULT-VALUE}.")
  int cycles;

  @Option(
      names = "--slack",
      paramLabel = "MIB",
      defaultValue = "16",
      description = "Growth in MiB that is let pass; default: ${DEFAULT-VALUE}.")
  int slack;

  @Mixin EngineOptions engine;

  SoakCommand() {}

  @Override
  public Integer call() {
    if (inferences < 0 || cycles < 0 || slack < 0) {
      throw new IllegalArgumentException(
          "soak: expected numbers of 0 or more, got %d, %d and %d"
              .formatted(inferences, cycles, slack));
    }
    boolean flat = true;
    try (var device = engine.open();
        var arena = device.arena()) {
      var lstm = model(arena);
      flat &= repeat("inferences", inferences, () -> infer(device, lstm));
    }
    flat &=
        repeat(
            "open/close cycles",
            cycles,
            () -> {
              try (var device = engine.open();
                  var arena = device.arena()) {
                infer(device, model(arena));
              }
            });
    return flat ? 0 : 1;
  }

  private static Rnn model(DeviceArena arena) {
    return Rnn.lstm(16, 32).build(Weights.random(1), arena);
  }

  private static void infer(Device device, Rnn lstm) {
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(10, 4, 16), new float[10 * 4 * 16]);
      lstm.forward(pass, x).y().floats();
    }
  }

  /** Whether memory did not grow over the second half. */
  private boolean repeat(String what, int times, Runnable work) {
    long began = System.nanoTime();
    long middle = 0;
    print("%,9d %s: %,d KiB resident", 0, what, Machine.residentKilobytes());
    for (int i = 1; i <= times; i++) {
      work.run();
      if (i == (times + 1) / 2) {
        middle = Machine.residentKilobytes();
      }
      if (i == times || i % Math.max(1, times / REPORTS) == 0) {
        double seconds = (System.nanoTime() - began) / 1e9;
        print("%,9d %s: %,d KiB resident, %.1f s", i, what, Machine.residentKilobytes(), seconds);
      }
    }
    long growth = times == 0 ? 0 : Machine.residentKilobytes() - middle;
    boolean flat = growth <= slack * 1024L;
    print("%s over the second half of %s: %,d KiB", flat ? "flat" : "NOT FLAT", what, growth);
    return flat;
  }

  private void print(String format, Object... values) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, values));
  }
}
