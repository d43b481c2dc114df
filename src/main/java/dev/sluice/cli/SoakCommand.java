package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.weights.AtomicFile;
import dev.sluice.weights.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows that memory and handles stay flat over very many inferences, steps, shapes and devices. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    header = "Shows that memory and handles stay flat over very much work.",
    description =
        "Runs a small LSTM and a small ConvLSTM in turn, again and again: inferences, training"
            + " steps, sequences of ever other lengths and batches; then opens and closes device,"
            + " arena and model. Prints on the way what the process holds: resident memory, open"
            + " objects of the native libraries (where they are counted: the CPU engine, the"
            + " simulated CUDA device), open files, threads. Exits with 1 if the second half of any"
            + " loop grew: memory by more than --slack, or handles at all.",
    footer = {
      "",
      "Examples:",
      "  ./sluice soak",
      "  ./sluice soak --infer 1000000 --train 100000 --shapes 0 --cycles 0 --json soak.json"
    })
final class SoakCommand implements Callable<Integer> {
  private static final int REPORTS = 20;

  @Spec CommandSpec spec;

  @Option(
      names = {"--infer", "--inferences"},
      paramLabel = "N",
      defaultValue = "100000",
      description = "Inferences; default: ${DEFAULT-VALUE}.")
  int inferences;

  @Option(
      names = "--train",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Training steps; default: ${DEFAULT-VALUE}.")
  int steps;

  @Option(
      names = "--shapes",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Sequences, each of another length and batch; default: ${DEFAULT-VALUE}.")
  int shapes;

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

  @Option(names = "--json", paramLabel = "FILE", description = "Also writes the results as JSON.")
  private Path json;

  @Mixin EngineOptions engine;

  private final List<Map<String, Object>> loops = new ArrayList<>();
  private boolean flat = true;

  SoakCommand() {}

  private interface Work {
    /** Does one of so many, and gives the device that it was done on, open or closed. */
    Device once(int number);
  }

  @Override
  public Integer call() {
    if (inferences < 0 || steps < 0 || shapes < 0 || cycles < 0 || slack < 0) {
      throw new IllegalArgumentException(
          "soak: expected numbers of 0 or more, got %d, %d, %d, %d and %d"
              .formatted(inferences, steps, shapes, cycles, slack));
    }
    String title;
    try (var device = engine.open();
        var models = new SoakModels(device)) {
      title = device.title();
      repeat("inferences", inferences, models::infer);
      repeat("training steps", steps, models::train);
      repeat("shapes", shapes, models::inferAnotherShape);
    }
    repeat("open/close cycles", cycles, this::cycle);
    if (json != null) {
      var all = new LinkedHashMap<String, Object>();
      all.put("device", title);
      all.put("flat", flat);
      all.put("loops", loops);
      AtomicFile.write(json, Json.writePretty(all));
    }
    return flat ? 0 : 1;
  }

  private Device cycle(int number) {
    try (var device = engine.open();
        var models = new SoakModels(device)) {
      models.infer(number);
      return device;
    }
  }

  /** Reports on the way, and compares what is held in the middle and at the end. */
  private void repeat(String what, int times, Work work) {
    if (times == 0) {
      return;
    }
    long began = System.nanoTime();
    var samples = new ArrayList<Map<String, Object>>();
    Footprint middle = null;
    Footprint end = null;
    for (int i = 1; i <= times; i++) {
      var device = work.once(i);
      boolean half = i == (times + 1) / 2;
      if (i == 1 || half || i == times || i % Math.max(1, times / REPORTS) == 0) {
        end = Footprint.of(device);
        middle = half ? end : middle;
        double seconds = (System.nanoTime() - began) / 1e9;
        print("%,9d %s: %s, %.1f s", i, what, end, seconds);
        samples.add(sample(i, seconds, end));
      }
    }
    verdict(what, samples, middle, end);
  }

  private static Map<String, Object> sample(int number, double seconds, Footprint held) {
    var sample = new LinkedHashMap<String, Object>();
    sample.put("after", number);
    sample.put("seconds", seconds);
    sample.putAll(held.json());
    return sample;
  }

  private void verdict(
      String what, List<Map<String, Object>> samples, Footprint middle, Footprint end) {
    var grown = end.grownSince(middle, slack * 1024L);
    print(
        "%s over the second half of %s: memory by %,d KiB%s",
        grown.isEmpty() ? "flat" : "NOT FLAT",
        what,
        end.residentKib() - middle.residentKib(),
        grown.isEmpty() ? "" : ", grew: " + grown);
    flat &= grown.isEmpty();
    var loop = new LinkedHashMap<String, Object>();
    loop.put("what", what);
    loop.put("flat", grown.isEmpty());
    loop.put("grown", grown);
    loop.put("samples", samples);
    loops.add(loop);
  }

  private void print(String format, Object... values) {
    var out = spec.commandLine().getOut();
    out.println(String.format(Locale.ROOT, format, values));
    out.flush();
  }
}
