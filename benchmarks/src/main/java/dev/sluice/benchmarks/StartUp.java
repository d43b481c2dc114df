package dev.sluice.benchmarks;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Mode;
import dev.sluice.cli.bench.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Milliseconds from starting a process to the first result of a small LSTM in it (T 10, N 1, C 16,
 * H 64), files in the system's cache; every library once in each round.
 */
final class StartUp {
  private static final Problem SMALL =
      new Problem(
          Cell.LSTM,
          Mode.FORWARD,
          10,
          1,
          16,
          64,
          1,
          false,
          false,
          false,
          0,
          0,
          0,
          DType.FLOAT32,
          0);

  /** One start; nanoseconds. */
  private interface Start {
    long nanos() throws Exception;
  }

  private final int threads;
  private final Map<String, Start> starts = new LinkedHashMap<>();
  private final Map<String, List<Long>> nanos = new LinkedHashMap<>();

  private StartUp(int threads) {
    this.threads = threads;
  }

  /** Each library's median, printed. */
  static Map<String, Object> run(Map<String, List<String>> commands, int threads, int rounds)
      throws Exception {
    var startUp = new StartUp(threads);
    var archive = Files.createTempFile("sluice", ".jsa");
    var options = Device.Options.defaults().engine("cpu").threads(1);
    try (var device = Device.open(options);
        var bench = new Bench(SMALL, device);
        var given = Given.of(bench)) {
      Files.delete(archive);
      startUp.own(archive);
      startUp.others(commands, given);
      return startUp.measure(rounds);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  private void own(Path archive) throws IOException, InterruptedException {
    try (var first = child("-XX:ArchiveClassesAtExit=" + archive)) {
      first.await();
    }
    starts.put("Sluice", () -> start("-Xshare:auto"));
    if (Files.exists(archive)) {
      starts.put("Sluice, class-data archive", () -> start("-XX:SharedArchiveFile=" + archive));
    }
  }

  private void others(Map<String, List<String>> commands, Given given) {
    commands.forEach(
        (name, command) -> {
          if (!name.equals("compile")) { // an LSTM is not compiled
            starts.put(
                name,
                () -> {
                  long start = System.nanoTime();
                  try (var peer = new Peer(command, threads)) {
                    given.open(peer);
                    return System.nanoTime() - start;
                  }
                });
          }
        });
  }

  private Child child(String option) throws IOException {
    // What the JVM says of an archive goes where the answer comes.
    return new Child(
        List.of(option, "-Xlog:disable"), FirstResult.class, List.of(String.valueOf(threads)));
  }

  private long start(String option) throws IOException {
    long start = System.nanoTime();
    try (var child = child(option)) {
      Double.parseDouble(child.line());
      return System.nanoTime() - start;
    }
  }

  private Map<String, Object> measure(int rounds) throws InterruptedException {
    for (int i = 0; i < rounds; i++) {
      for (var start : List.copyOf(starts.entrySet())) {
        Thread.sleep(100);
        try {
          long took = start.getValue().nanos();
          nanos.computeIfAbsent(start.getKey(), n -> new ArrayList<>()).add(took);
        } catch (Exception e) {
          System.out.println("skipped: " + start.getKey() + ": " + e.getMessage());
          starts.remove(start.getKey());
        }
      }
    }
    System.out.printf("%nMilliseconds from starting a process to its first LSTM result%n");
    var all = new LinkedHashMap<String, Object>();
    nanos.forEach(
        (name, some) -> {
          var sorted = some.stream().mapToDouble(n -> n / 1e6).sorted().toArray();
          double median = sorted[sorted.length / 2];
          System.out.printf(
              "%-40s %9.0f  (%.0f to %.0f)%n", name, median, sorted[0], sorted[sorted.length - 1]);
          var one = new LinkedHashMap<String, Object>();
          one.put("median_ms", median);
          one.put("ms", Arrays.stream(sorted).boxed().toList());
          all.put(name, one);
        });
    return all;
  }
}
