package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Problem;
import dev.sluice.cli.bench.Suite;
import dev.sluice.weights.Json;
import dev.sluice.weights.Safetensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** One side of a race: answers requests, a line of JSON each, until its input ends. */
@Command(
    name = "side",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = {
      "One side of a race between processes; a JSON request a line on stdin, an answer on stdout:",
      "{\"suite\": S}: the number of problems in it",
      "{\"suite\": S, \"problem\": I, \"tiny\": B, \"open\": FILE}: writes weights, input and"
          + " results to FILE; how the problem is called, its sizes, the engine's choices",
      "{\"run\": N}: the nanoseconds of N rounds"
    })
final class SideCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private EngineOptions engine;

  private Bench bench;

  SideCommand() {}

  @Override
  public Integer call() throws IOException {
    var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = spec.commandLine().getOut();
    try (var device = engine.open()) {
      for (String line = requests.readLine(); line != null; line = requests.readLine()) {
        out.println(Json.write(answer(device, (Map<?, ?>) Json.parse(line))));
        out.flush();
      }
      close();
    }
    return 0;
  }

  private void close() {
    if (bench != null) {
      bench.close();
      bench = null;
    }
  }

  /** The other side decides what to do about a failure. */
  private Map<String, Object> answer(Device device, Map<?, ?> request) {
    try {
      if (request.containsKey("run")) {
        return Map.of("nanos", run(((Number) request.get("run")).intValue()));
      }
      var suite = Suite.valueOf(request.get("suite").toString().toUpperCase(Locale.ROOT));
      if (!request.containsKey("open")) {
        return Map.of("problems", suite.problems().size());
      }
      var problem = suite.problems().get(((Number) request.get("problem")).intValue());
      return open(
          device,
          Boolean.TRUE.equals(request.get("tiny")) ? tiny(problem) : problem,
          Path.of(request.get("open").toString()));
    } catch (RuntimeException | OutOfMemoryError e) {
      return Map.of("error", e.toString());
    }
  }

  private Map<String, Object> open(Device device, Problem problem, Path file) {
    close();
    bench = new Bench(problem, device);
    Safetensors.write(file, bench.results(), Map.of());
    var all = new LinkedHashMap<String, Object>();
    all.put("title", problem.title());
    all.put("cell", problem.cell().label());
    all.put("training", problem.training());
    all.put("steps", problem.steps());
    all.put("batch", problem.batch());
    all.put("input", problem.input());
    all.put("hidden", problem.hidden());
    all.put("layers", problem.layers());
    all.put("bidirectional", problem.bidirectional());
    all.put("gflop", problem.flops() / 1e9);
    all.put("device", device.title());
    all.put(
        "algorithm",
        device.backend().choices().stream()
            .map(choice -> choice.what() + ": " + choice.algorithm())
            .distinct()
            .collect(Collectors.joining("; ")));
    return all;
  }

  private long[] run(int rounds) {
    var nanos = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      bench.round();
      nanos[i] = System.nanoTime() - start;
    }
    return nanos;
  }

  /** The same with sizes that even a simulator gets through. */
  private static Problem tiny(Problem p) {
    return new Problem(
        p.cell(),
        p.mode(),
        Math.min(p.steps(), 2),
        Math.min(p.batch(), 2),
        Math.min(p.input(), 4),
        Math.min(p.hidden(), 4),
        p.layers(),
        p.bidirectional(),
        p.lengths(),
        p.variant(),
        Math.min(p.height(), 4),
        Math.min(p.width(), 4),
        p.kernel(),
        p.type(),
        p.seed());
  }
}
