package dev.sluice.cli;

import dev.sluice.DType;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Measurement;
import dev.sluice.cli.bench.Mode;
import dev.sluice.cli.bench.Problem;
import dev.sluice.cli.bench.Suite;
import dev.sluice.cli.bench.SuiteRun;
import dev.sluice.cli.tasks.Recipe;
import dev.sluice.nn.ConvGru;
import dev.sluice.weights.Json;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice bench}: times whole sequences of one cell. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Times whole sequences of one cell: forward alone, or a training step without its optimiser "
          + "(forward, backward to the input and all weights; weights packed anew).",
      "With --mode session: inputs of T steps one after the other through a session, which carries"
          + " its states, as a service has them.",
      "Biases are on; weights and input are random.",
      "With --suite: many problems, a line each: deepbench (training steps of Baidu's DeepBench),"
          + " cells (every cell, forward and train), latency (steps of sessions, T 1, N 1)."
    },
    footerHeading = "%nJSON:%n",
    footer = {
      "One object: cell, mode, steps, batch, input, hidden, layers, bidirectional, lengths,"
          + " peephole, layer_norm, reset, recompute, height, width, kernel, dtype, seed, warmup,"
          + " rounds as asked for (null where a cell has no such thing);",
      "min_ms, median_ms, p90_ms, p99_ms, p999_ms: milliseconds a round;",
      "gflop: 10^9 floating-point operations a round: forward is 2 T N G H (C + H) summed over "
          + "layers and directions, G gates; over frames also times height width kernel^2 (stlstm: "
          + "kernel^2 (7 C H + 9 H H) + 2 H H a pixel); train "
          + "is three times forward; pointwise work is not counted;",
      "gflops: per second, of the median round; peak_gflops: of a large matrix product just "
          + "before; peak_fraction: their ratio;",
      "peak_bytes: most memory in use on the device at once, scratch memory included;"
          + " activation_bytes: the most that a round's pass held, gradients included, or what a"
          + " session holds; heap_bytes: Java heap allocated by the median round, or null;",
      "engine, math, algorithm, layout (null where the engine does not say), threads,"
          + " versions.",
      "A suite: suite, results (such objects), left_out (problem, gflop)."
    })
final class BenchCommand implements Callable<Integer> {
  /** Frames that a cell over frames gets where none are asked for. */
  private static final int SIDE = 16;

  private enum Lengths {
    RANDOM
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--suite",
      paramLabel = "SUITE",
      description = "${COMPLETION-CANDIDATES}: instead of one problem")
  private Suite suite;

  @Option(
      names = "--most",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description = "leaves problems of a suite out whose rounds must take longer (2)")
  private double most;

  @Option(names = "--cell", paramLabel = "CELL", description = "${COMPLETION-CANDIDATES}")
  private Cell cell;

  @Option(names = "--mode", paramLabel = "MODE", description = "${COMPLETION-CANDIDATES}")
  private Mode mode;

  @Option(names = "--steps", paramLabel = "T", description = "steps")
  private Integer steps;

  @Option(names = "--batch", paramLabel = "N", description = "sequences at once")
  private Integer batch;

  @Option(names = "--input", paramLabel = "C", description = "input channels")
  private Integer input;

  @Option(names = "--hidden", paramLabel = "H", description = "hidden channels")
  private Integer hidden;

  @Option(names = "--layers", paramLabel = "L", defaultValue = "1", description = "layers (1)")
  private int layers;

  @Option(names = "--bidirectional", description = "a second direction, from the end")
  private boolean bidirectional;

  @Option(
      names = "--lengths",
      paramLabel = "HOW",
      description = "${COMPLETION-CANDIDATES}: each sequence has a length of its own")
  private Lengths lengths;

  @Option(names = "--peephole", description = "gates that look at the cell")
  private boolean peephole;

  @Option(
      names = "--reset",
      paramLabel = "WHERE",
      description = "of a GRU: ${COMPLETION-CANDIDATES} (gru after, convgru before)")
  private ConvGru.Reset reset;

  @Option(names = "--layer-norm", description = "of stlstm: normalised convolutions")
  private boolean layerNorm;

  @Option(
      names = "--recompute",
      paramLabel = "T|sqrt",
      defaultValue = "0",
      description = "steps computed again at once on the way back; 1 for gates alone (0: none)")
  private String recompute;

  @Option(names = "--height", paramLabel = "PIXELS", description = "of a frame (16)")
  private Integer height;

  @Option(names = "--width", paramLabel = "PIXELS", description = "of a frame (16)")
  private Integer width;

  @Option(names = "--kernel", paramLabel = "K", description = "of a convolution, odd (3)")
  private Integer kernel;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description = "float32 or float64 (float32)")
  private DType type;

  @Mixin private EngineOptions engine;

  @Option(
      names = "--warmup",
      paramLabel = "COUNT",
      description = "untimed rounds before (3; of sessions until they take no heap, 2 to 10 s)")
  private Integer warmup;

  @Option(
      names = "--rounds",
      paramLabel = "COUNT",
      description = "timed rounds (20; of sessions 2000)")
  private Integer rounds;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      defaultValue = "0",
      description = "of weights and input (0)")
  private long seed;

  @Option(names = "--json", description = "print one JSON object and nothing else")
  private boolean json;

  BenchCommand() {}

  @Override
  public Integer call() {
    requireOneOrTheOther();
    if (suite != null) {
      return callSuite();
    }
    var measurement = new Measurement(problem(), warmup, rounds);
    try (var device = engine.open()) {
      var report = measurement.on(device, engine.threadsOf(device));
      var out = spec.commandLine().getOut();
      out.print(json ? Json.write(report.json()) + "\n" : report.text());
    }
    return 0;
  }

  private int callSuite() {
    var out = spec.commandLine().getOut();
    int threads;
    try (var device = engine.open()) {
      threads = engine.threadsOf(device);
    }
    var run = new SuiteRun(suite, warmup, rounds, most);
    var results = run.on(engine::open, threads, json ? null : out);
    if (json) {
      out.print(Json.write(results) + "\n");
    }
    return 0;
  }

  private void requireOneOrTheOther() {
    var given = new LinkedHashMap<String, Object>();
    given.put("--cell", cell);
    given.put("--mode", mode);
    given.put("--steps", steps);
    given.put("--batch", batch);
    given.put("--input", input);
    given.put("--hidden", hidden);
    for (var option : given.entrySet()) {
      if (suite != null && option.getValue() != null) {
        throw new ParameterException(
            spec.commandLine(), option.getKey() + ": not together with --suite");
      }
      if (suite == null && option.getValue() == null) {
        throw new ParameterException(
            spec.commandLine(), "Missing required option: '" + option.getKey() + "'");
      }
    }
  }

  private Problem problem() {
    boolean frames = cell.overFrames();
    return new Problem(
        cell,
        mode,
        steps,
        batch,
        input,
        hidden,
        layers,
        bidirectional,
        lengths != null,
        new Problem.Variant(peephole, layerNorm, reset, Recipe.segment(recompute)),
        height != null ? height : frames ? SIDE : 0,
        width != null ? width : frames ? SIDE : 0,
        kernel != null ? kernel : frames ? 3 : 0,
        type,
        seed);
  }
}
