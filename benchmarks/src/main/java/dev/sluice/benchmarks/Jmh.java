package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The JMH classes, with their table. */
final class Jmh {
  private Jmh() {}

  /** Every benchmark whose class's name contains a text. */
  static List<Object> run(String only, int threads, boolean quick) throws RunnerException {
    var options =
        new OptionsBuilder()
            .include(Pattern.quote(only))
            .forks(quick ? 1 : 2)
            .warmupIterations(quick ? 1 : 3)
            .measurementIterations(quick ? 2 : 5)
            .warmupTime(TimeValue.seconds(1))
            .measurementTime(TimeValue.milliseconds(quick ? 500 : 1000))
            .param("mode", quick ? new String[] {"TRAIN"} : new String[] {"FORWARD", "TRAIN"})
            .verbosity(VerboseMode.SILENT)
            .jvmArgsAppend("-D" + Sequences.THREADS + "=" + threads)
            .build();
    System.out.printf("%nJMH, %d threads%n%-52s %12s %12s%n", threads, "", "mean", "median");
    var all = new ArrayList<Object>();
    for (var result : new Runner(options).run()) {
      all.add(report(result));
    }
    return all;
  }

  private static Map<String, Object> report(RunResult run) {
    Result<?> result = run.getPrimaryResult();
    var parameters = new LinkedHashMap<String, Object>();
    run.getParams().getParamsKeys().forEach(k -> parameters.put(k, run.getParams().getParam(k)));
    String name = run.getParams().getBenchmark().replaceFirst(".*\\.(\\w+\\.\\w+)$", "$1");
    double median = result.getStatistics().getPercentile(50);
    Integer bytes = GateKernelsBenchmark.BYTES.get(name.replaceFirst(".*\\.", ""));
    System.out.printf(
        "%-52s %12.3f %12.3f %s%s%n",
        name + (parameters.isEmpty() ? "" : " " + parameters.values()),
        result.getScore(),
        median,
        result.getScoreUnit(),
        bytes == null ? "" : ", %.1f GB/s".formatted(bytes / median));
    var all = new LinkedHashMap<String, Object>();
    all.put("benchmark", name);
    all.put("parameters", parameters);
    all.put("mean", result.getScore());
    all.put("error", Double.isFinite(result.getScoreError()) ? result.getScoreError() : null);
    all.put("median", median);
    all.put("samples", result.getSampleCount());
    all.put("unit", result.getScoreUnit());
    if (bytes != null) {
      all.put("gigabytes_a_second", bytes / median);
    }
    return all;
  }
}
