package dev.sluice.cli.bench;

import dev.sluice.MathMode;
import dev.sluice.nn.Pass;
import dev.sluice.spi.Choice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What was measured, as numbers that programs read and as lines that people do.
 *
 * @param problem what ran
 * @param engine which engine
 * @param math what it may round the factors of products to
 * @param threads how many it used
 * @param warmup untimed rounds before
 * @param timing of the rounds
 * @param peak GFLOP/s of a large matrix product on this machine, in the same minute
 * @param peakBytes most device memory that was in use at once, weights and the stream's scratch
 *     memory included
 * @param activationBytes the most that a round's pass held, gradients included
 * @param facts what the engine says of itself
 * @param choices how the engine did it
 */
public record Report(
    Problem problem,
    String engine,
    MathMode math,
    int threads,
    int warmup,
    Timing timing,
    double peak,
    long peakBytes,
    long activationBytes,
    Map<String, String> facts,
    List<Choice> choices) {
  /** {@return all numbers, under names that do not change; the help of the command lists them} */
  public Map<String, Object> json() {
    var all = new LinkedHashMap<String, Object>();
    putProblem(all);
    all.put("warmup", warmup);
    all.put("rounds", timing.nanos().length);
    all.put("min_ms", timing.millis(0));
    all.put("median_ms", timing.medianMillis());
    all.put("p90_ms", timing.millis(0.9));
    all.put("p99_ms", timing.millis(0.99));
    all.put("p999_ms", timing.millis(0.999));
    all.put("gflop", problem.flops() / 1e9);
    all.put("gflops", gflops());
    all.put("peak_gflops", peak);
    all.put("peak_fraction", gflops() / peak);
    all.put("peak_bytes", peakBytes);
    all.put("activation_bytes", activationBytes);
    all.put("heap_bytes", timing.heapBytes() < 0 ? null : timing.heapBytes());
    all.put("engine", engine);
    all.put("math", math.name().toLowerCase(Locale.ROOT));
    all.put("algorithm", chosen(Choice::algorithm));
    all.put("layout", chosen(Choice::layout));
    all.put("threads", threads);
    all.put("versions", versions());
    return all;
  }

  /** Each part with how it was done, or null where the engine does not say. */
  private String chosen(Function<Choice, String> how) {
    return choices.isEmpty()
        ? null
        : choices.stream()
            .map(choice -> choice.what() + ": " + how.apply(choice))
            .distinct()
            .collect(Collectors.joining("; "));
  }

  private Map<String, String> versions() {
    var versions = new LinkedHashMap<String, String>();
    versions.put("sluice", Versions.sluice());
    versions.put("java", Runtime.version().toString());
    versions.putAll(facts);
    versions.keySet().removeAll(List.of("threads", "library"));
    return versions;
  }

  private void putProblem(Map<String, Object> all) {
    all.put("cell", problem.cell().label());
    all.put("mode", problem.mode().label());
    all.put("steps", problem.steps());
    all.put("batch", problem.batch());
    all.put("input", problem.input());
    all.put("hidden", problem.hidden());
    all.put("layers", problem.layers());
    all.put("bidirectional", problem.bidirectional());
    all.put("lengths", problem.lengths() ? "random" : null);
    all.put("peephole", problem.peephole());
    all.put("layer_norm", problem.variant().layerNorm());
    var reset = problem.variant().reset();
    all.put("reset", reset == null ? null : reset.name().toLowerCase(Locale.ROOT));
    int recompute = problem.variant().recompute();
    all.put("recompute", recompute == Pass.SQRT_OF_STEPS ? "sqrt" : String.valueOf(recompute));
    boolean frames = problem.cell().overFrames();
    all.put("height", frames ? problem.height() : null);
    all.put("width", frames ? problem.width() : null);
    all.put("kernel", frames ? problem.kernel() : null);
    all.put("dtype", problem.type().name().toLowerCase(Locale.ROOT));
    all.put("seed", problem.seed());
  }

  /** Of the median round. */
  private double gflops() {
    return problem.flops() / timing.medianMillis() / 1e6;
  }

  /** {@return a few lines, the last one ended} */
  public String text() {
    var p = problem;
    var frame =
        p.cell().overFrames()
            ? ", frames %dx%d, kernel %dx%d"
                .formatted(p.height(), p.width(), p.kernel(), p.kernel())
            : "";
    return line(
            "%s %s: T %d, N %d, C %d, H %d%s, L %d%s%s%s, %s on %s, %s math, %d threads",
            p.cell().label(),
            p.mode().label(),
            p.steps(),
            p.batch(),
            p.input(),
            p.hidden(),
            frame,
            p.layers(),
            p.bidirectional() ? ", both directions" : "",
            p.lengths() ? ", random lengths" : "",
            p.peephole() ? ", peepholes" : p.variant().layerNorm() ? ", layer norm" : "",
            p.type().name().toLowerCase(Locale.ROOT),
            engine,
            math.name().toLowerCase(Locale.ROOT),
            threads)
        + line(
            "  min %.3f ms, median %.3f, p90 %.3f, p99 %.3f over %d rounds",
            timing.millis(0),
            timing.medianMillis(),
            timing.millis(0.9),
            timing.millis(0.99),
            timing.nanos().length)
        + line(
            "  %.1f GFLOP/s (%.3f GFLOP a round), %.2f of the %.1f GFLOP/s of a matrix product",
            gflops(), p.flops() / 1e9, gflops() / peak, peak)
        + line(
            "  device memory %.1f MB at most, activations %.1f MB, Java heap %s a round",
            peakBytes / 1e6,
            activationBytes / 1e6,
            timing.heapBytes() < 0
                ? "not counted"
                : String.format(Locale.ROOT, "%,d bytes", timing.heapBytes()))
        + (choices.isEmpty() ? "" : line("  %s", chosen(Choice::algorithm)))
        + line(
            "  %s",
            versions().entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .collect(Collectors.joining(", ")));
  }

  /** {@return one line of a table; {@link #heading} stands above it} */
  String row() {
    return line(
        ROW,
        problem.title(),
        number(timing.medianMillis()),
        number(timing.millis(0.9)),
        number(timing.millis(0.99)),
        number(timing.millis(0.999)),
        number(gflops()),
        number(gflops() / peak),
        timing.heapBytes() < 0 ? "" : timing.heapBytes());
  }

  private static final String ROW = "%-46s %9s %9s %9s %9s %9s %6s %10s";

  static String heading() {
    return line(ROW, "", "p50 ms", "p90", "p99", "p99.9", "GFLOP/s", "peak", "Java heap");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : "%.1f", value);
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values) + "\n";
  }
}
