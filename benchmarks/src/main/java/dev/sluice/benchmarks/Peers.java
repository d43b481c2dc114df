package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** The races against other libraries: all of them at once on each problem, and the table. */
final class Peers implements AutoCloseable {
  private final List<Peer> peers = new ArrayList<>();
  private final int threads;

  /** Starts each; one that cannot start is a printed line. */
  Peers(Map<String, List<String>> commands, int threads) {
    this.threads = threads;
    commands.forEach(
        (name, command) -> {
          try {
            peers.add(new Peer(command, threads));
          } catch (RuntimeException e) {
            System.out.println("skipped: " + name + ": " + e.getMessage());
          }
        });
  }

  /** Every race, with the lines of the table printed, and the results kept, as they come. */
  void run(List<Problem> problems, int turns, long warmUpMillis, Deadline deadline, Results results)
      throws Exception {
    var races = new ArrayList<Object>();
    var all = new LinkedHashMap<String, Object>();
    all.put("peers", peers.stream().map(Peer::facts).toList());
    all.put("races", races);
    results.put("peers", all);
    heading();
    Set<String> reasons = new LinkedHashSet<>();
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(threads))) {
      var works = new LinkedHashMap<String, Callable<Race>>();
      problems.forEach(
          p -> works.put(p.title(), () -> Race.of(p, device, peers, turns, warmUpMillis)));
      works.put(MainJob.TITLE, () -> MainJob.race(device, peers, turns, warmUpMillis));
      for (var work : works.entrySet()) {
        if (!deadline.allows("peers", work.getKey())) {
          continue;
        }
        var race = work.getValue().call();
        var row = new StringBuilder("%-40s %9.2f".formatted(race.title(), race.millis()));
        peers.forEach(peer -> row.append(" %-20s".formatted(race.cell(peer))));
        System.out.println(row.toString().stripTrailing());
        race.reasons().forEach((name, why) -> reasons.add(name + ": " + why));
        races.add(race.json());
        all.put("geometric_means", means(races));
        results.save();
      }
    }
    var row = new StringBuilder("%-40s %9s".formatted("geometric mean", ""));
    var means = means(races);
    peers.forEach(peer -> row.append(" %-20s".formatted(mean(means.get(peer.name())))));
    System.out.println(row.toString().stripTrailing());
    reasons.forEach(reason -> System.out.println("empty: " + reason));
  }

  private static String mean(Double value) {
    return value == null ? "" : "%.2f".formatted(value);
  }

  private void heading() {
    System.out.printf(
        "%nSluice beside %s, %d threads: a library's median time over Sluice's, above 1 where"
            + " Sluice is faster, and its 95 %% interval%n",
        peers.stream()
            .map(peer -> peer.name() + " " + peer.facts().get("version"))
            .collect(Collectors.joining(", ")),
        threads);
    var row = new StringBuilder("%-40s %9s".formatted("", "Sluice ms"));
    peers.forEach(peer -> row.append(" %-20s".formatted(peer.name())));
    System.out.println(row);
  }

  /** Of the ratios as factors, so that twice as fast and half as fast cancel out; by name. */
  private static Map<String, Double> means(List<Object> races) {
    var logs = new LinkedHashMap<String, List<Double>>();
    for (var race : races) {
      ((Map<?, ?>) ((Map<?, ?>) race).get("peers"))
          .forEach(
              (name, one) -> {
                if (((Map<?, ?>) one).get("ratio") instanceof Double ratio) {
                  logs.computeIfAbsent((String) name, n -> new ArrayList<>()).add(Math.log(ratio));
                }
              });
    }
    var means = new LinkedHashMap<String, Double>();
    logs.forEach(
        (name, some) ->
            means.put(
                name,
                Math.exp(some.stream().mapToDouble(Double::doubleValue).average().orElseThrow())));
    return means;
  }

  /** Those that started. */
  List<Peer> started() {
    return peers;
  }

  @Override
  public void close() {
    peers.forEach(Peer::close);
  }
}
