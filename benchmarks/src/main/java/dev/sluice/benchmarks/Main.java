package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.weights.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.runner.NoBenchmarksException;

/** Runs the parts that were asked for and writes one file of results; started by benchmarks/run. */
public final class Main {
  private final Map<String, Object> results = new LinkedHashMap<>();
  private final List<String> peer = new ArrayList<>();
  private Path folder = Path.of("results");
  private String program;
  private String only = "";
  private boolean quick;
  private boolean more;
  private int threads = threadsOfEngine();

  private Main() {}

  /**
   * Runs.
   *
   * @param args as benchmarks/run gives them
   */
  public static void main(String[] args) throws Exception {
    Locale.setDefault(Locale.ROOT);
    var main = new Main();
    main.parse(new ArrayDeque<>(List.of(args)));
    try {
      main.run();
    } catch (NoBenchmarksException e) {
      System.err.println(
          "benchmarks/run: --only: expected jmh, c, peers or a piece of a class's name, got "
              + main.only);
      System.exit(2);
    }
  }

  private static int threadsOfEngine() {
    return Device.engines().stream()
        .filter(engine -> engine.name().equals("cpu"))
        .map(engine -> engine.report().facts().getOrDefault("threads", "1"))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElse(1);
  }

  private void parse(ArrayDeque<String> args) {
    while (!args.isEmpty()) {
      String option = args.poll();
      switch (option) {
        case "--quick" -> quick = true;
        case "--more" -> more = true;
        case "--results" -> folder = Path.of(args.remove());
        case "--c" -> program = args.remove();
        case "--peer" -> peer.add(args.remove());
        case "--only" -> only = args.remove();
        case "--threads" -> threads = Integer.parseInt(args.remove());
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
  }

  private void run() throws Exception {
    var machine = Machine.facts();
    results.put("machine", machine);
    results.put("threads", threads);
    results.put("quick", quick);
    if (program != null && wanted("c")) {
      results.put("c", NativeRaces.run(program, threads, quick));
    }
    if (!peer.isEmpty() && wanted("peers")) {
      results.put("peers", List.of(Peers.run(peer, threads, quick, more)));
    }
    if (!only.equals("c") && !only.equals("peers")) {
      results.put("jmh", Jmh.run(only.equals("jmh") ? "" : only, threads, quick));
    }
    var date = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
    Files.createDirectories(folder);
    var file = folder.resolve(Machine.name(machine) + "-" + date + ".json");
    Files.writeString(file, Json.writePretty(results) + "\n");
    System.out.println("\nresults in " + file);
  }

  private boolean wanted(String part) {
    return only.isEmpty() || only.equals(part);
  }
}
