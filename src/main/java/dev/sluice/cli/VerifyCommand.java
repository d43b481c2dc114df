package dev.sluice.cli;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.cli.verify.Suite;
import dev.sluice.cli.verify.Verdict;
import dev.sluice.cli.verify.Verdict.Status;
import dev.sluice.cli.verify.Verification;
import dev.sluice.weights.AtomicFile;
import dev.sluice.weights.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Compares this machine's engine with reference cases; exit code 1 if any of them fails. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description = {
      "Compares an engine with reference cases: outputs, losses and every gradient.",
      "Prints a line a case: PASS, FAIL or SKIP, its id, the largest scaled error"
          + " |got - expected| / (1 + |expected|), and why it failed or was skipped."
    },
    footer = {
      "",
      "Exit code: 0 if no case failed, 1 if one did or a file cannot be used, 2 for wrong use.",
      "",
      "Example: ./sluice verify --filter convlstm --dtype float64"
    })
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--suite",
      paramLabel = "DIR",
      description = "Folder with manifest.json and its files. Default: the cases of this build.")
  private Path folder;

  @Mixin private EngineOptions engine;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description = "float32 or float64. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(
      names = "--filter",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Only the cases whose id contains this text.")
  private String filter;

  @Option(names = "--json", paramLabel = "FILE", description = "Also writes the results as JSON.")
  private Path json;

  @Override
  public Integer call() {
    var type = type();
    try (var suite = folder == null ? Suite.own() : Suite.open(folder);
        var device = engine.open()) {
      return run(new Verification(suite, device, type, filter));
    }
  }

  private DType type() {
    return switch (dtype) {
      case "float32" -> DType.FLOAT32;
      case "float64" -> DType.FLOAT64;
      default ->
          throw new IllegalArgumentException("--dtype: expected float32 or float64, got " + dtype);
    };
  }

  private int run(Verification verification) {
    int width = verification.idWidth();
    if (width == 0) {
      throw new IllegalArgumentException(
          "--filter: expected a part of the id of some case, got " + filter);
    }
    var out = spec.commandLine().getOut();
    var verdicts =
        verification.run(
            verdict -> {
              out.println(verdict.line(width));
              out.flush();
            });
    if (json != null) {
      AtomicFile.write(json, Json.writePretty(report(verification.device(), verdicts)));
    }
    out.printf(
        "%d passed, %d failed, %d skipped%s%n",
        count(verdicts, Status.PASS),
        count(verdicts, Status.FAIL),
        count(verdicts, Status.SKIP),
        where(verification.device()));
    out.flush();
    return count(verdicts, Status.FAIL) == 0 ? 0 : 1;
  }

  /** Nothing for the engine that every machine has. */
  private static String where(Device device) {
    return device.title().equals(device.engine()) ? "" : " on " + device.title();
  }

  private LinkedHashMap<String, Object> report(Device device, List<Verdict> verdicts) {
    var all = new LinkedHashMap<String, Object>();
    all.put("suite", folder == null ? "own" : folder.toString());
    all.put("engine", device.engine());
    all.put("device", device.title());
    all.put("dtype", dtype);
    all.put("passed", count(verdicts, Status.PASS));
    all.put("failed", count(verdicts, Status.FAIL));
    all.put("skipped", count(verdicts, Status.SKIP));
    all.put("cases", verdicts.stream().map(Verdict::json).toList());
    return all;
  }

  private static long count(List<Verdict> verdicts, Status status) {
    return verdicts.stream().filter(verdict -> verdict.status() == status).count();
  }
}
