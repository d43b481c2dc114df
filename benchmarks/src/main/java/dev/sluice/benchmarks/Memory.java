package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Problem;
import dev.sluice.cli.bench.Timing;
import dev.sluice.nn.Pass;
import dev.sluice.weights.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * What a process holds after some rounds of one problem, each library in a process of its own:
 * resident bytes now and at most, bytes that the way forward keeps for the way back, the most that
 * a round has in use beside weights and input, and for Sluice the Java heap bytes that it
 * allocates.
 */
final class Memory {
  private static final int ROUNDS = 20;

  private Memory() {}

  /** Runs a problem of {@link Problems#few} and tells what it took; then waits to be ended. */
  public static void main(String[] args) throws Exception {
    var problem = Problems.few().get(Integer.parseInt(args[0]));
    var options = Device.Options.defaults().engine("cpu").threads(Integer.parseInt(args[1]));
    try (var device = Device.open(options);
        var bench = new Bench(problem, device, Integer.parseInt(args[2]))) {
      var timing = Timing.of(bench::round, ROUNDS, ROUNDS);
      var all = new LinkedHashMap<String, Object>();
      if (problem.training()) {
        all.put("kept_bytes", bench.keptBytes());
      }
      all.put("round_bytes", bench.activationBytes() + bench.scratchBytes());
      all.put("heap_bytes", timing.heapBytes());
      System.out.println(Json.write(all));
      System.in.read();
    }
  }

  static List<Object> run(Map<String, List<String>> commands, int threads, boolean quick)
      throws IOException {
    System.out.printf(
        "%nMemory after %d rounds%n%-40s %-20s %12s %12s %12s %12s %12s%n",
        2 * ROUNDS, "", "", "resident MB", "at most", "kept MB", "round MB", "heap bytes");
    var all = new ArrayList<Object>();
    var reasons = new LinkedHashSet<String>();
    for (var problem : Problems.few()) {
      var sides = new LinkedHashMap<String, Object>();
      sides.put("Sluice", own(problem, threads, 0));
      if (problem.training() && problem.cell().overFrames()) {
        sides.put("Sluice, recomputing", own(problem, threads, Pass.SQRT_OF_STEPS));
      }
      for (var command : quick ? few(problem, commands) : commands.entrySet()) {
        try (var peer = new Peer(command.getValue(), threads)) {
          sides.put(peer.name(), other(peer, problem));
        } catch (UnsupportedOperationException | IllegalStateException e) {
          reasons.add("memory without " + command.getKey() + ": " + e.getMessage());
        }
      }
      sides.forEach((name, side) -> print(problem, name, (Map<?, ?>) side));
      var one = new LinkedHashMap<String, Object>(Map.of("problem", problem.title()));
      one.putAll(sides);
      all.add(one);
    }
    reasons.forEach(System.out::println);
    if (quick && !commands.isEmpty()) {
      System.out.println("memory of other libraries: without --quick all of it");
    }
    return all;
  }

  /** With a ConvLSTM's training step the first of the peers. */
  private static List<Map.Entry<String, List<String>>> few(
      Problem problem, Map<String, List<String>> commands) {
    boolean asked = problem.training() && problem.cell().overFrames();
    return commands.entrySet().stream().limit(asked ? 1 : 0).toList();
  }

  private static void print(Problem problem, String name, Map<?, ?> side) {
    System.out.printf(
        "%-40s %-20s %12s %12s %12s %12s %12s%n",
        problem.title(),
        name,
        megabytes(side.get("resident_bytes")),
        megabytes(side.get("most_resident_bytes")),
        megabytes(side.get("kept_bytes")),
        megabytes(side.get("round_bytes")),
        side.get("heap_bytes") == null ? "" : side.get("heap_bytes"));
  }

  private static String megabytes(Object bytes) {
    return bytes == null ? "" : "%.1f".formatted(((Number) bytes).doubleValue() / 1e6);
  }

  private static Map<String, Object> own(Problem problem, int threads, int segment)
      throws IOException {
    var arguments =
        List.of(
            String.valueOf(Problems.few().indexOf(problem)),
            String.valueOf(threads),
            String.valueOf(segment));
    try (var child = new Child(List.of(), Memory.class, arguments)) {
      var answer = (Map<?, ?>) Json.parse(child.line());
      var all = resident(child.pid());
      answer.forEach((name, value) -> all.put((String) name, value));
      return all;
    }
  }

  private static Map<String, Object> other(Peer peer, Problem problem) throws IOException {
    var options = Device.Options.defaults().engine("cpu");
    try (var device = Device.open(options);
        var bench = new Bench(problem, device);
        var given = Given.of(bench)) {
      given.open(peer);
    }
    peer.run(2 * ROUNDS);
    var all = resident(peer.pid());
    if (problem.training()) {
      try {
        peer.ask(Map.of("memory", true)).forEach((name, bytes) -> all.put((String) name, bytes));
      } catch (IllegalStateException | UnsupportedOperationException e) {
        // Only PyTorch tells.
      }
    }
    return all;
  }

  private static Map<String, Object> resident(long pid) throws IOException {
    var all = new LinkedHashMap<String, Object>();
    all.put("resident_bytes", Child.status(pid, "VmRSS"));
    all.put("most_resident_bytes", Child.status(pid, "VmHWM"));
    return all;
  }
}
