package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sluice beside peers at one work: equal results first, then {@link Turns}. */
final class Race {
  /** Relative to a result's largest number, or to 1. */
  private static final double TOLERANCE = 1e-5;

  private final String title;
  private final Map<String, Double> differences = new LinkedHashMap<>();
  private final Map<String, String> reasons = new LinkedHashMap<>();
  private final List<Peer> runners = new ArrayList<>();
  private final Turns turns;
  private long activationBytes;

  /**
   * Runs it.
   *
   * @param title of the work
   * @param given to the peers, who take part if they can and if their results are Sluice's
   * @param round Sluice's
   */
  Race(String title, Given given, Runnable round, List<Peer> peers, int turns, long warmUpMillis)
      throws InterruptedException {
    this.title = title;
    peers.forEach(peer -> admit(peer, given));
    var sides = new ArrayList<Turns.Side>();
    sides.add(Turns.Side.of(round));
    sides.addAll(runners);
    this.turns = new Turns(sides, turns, warmUpMillis);
  }

  /** Runs a cell's. */
  static Race of(Problem problem, Device device, List<Peer> peers, int turns, long warmUpMillis)
      throws IOException, InterruptedException {
    try (var bench = new Bench(problem, device);
        var given = Given.of(bench)) {
      var race = new Race(problem.title(), given, bench::round, peers, turns, warmUpMillis);
      race.activationBytes = bench.activationBytes();
      return race;
    }
  }

  private void admit(Peer peer, Given given) {
    try {
      double difference = given.open(peer);
      differences.put(peer.name(), difference);
      if (difference <= TOLERANCE) {
        runners.add(peer);
      } else {
        reasons.put(peer.name(), "its results differ by %.1e".formatted(difference));
      }
    } catch (UnsupportedOperationException | IllegalStateException e) {
      reasons.put(peer.name(), e.getMessage());
    }
  }

  String title() {
    return title;
  }

  double millis() {
    return turns.median(0) / 1e6;
  }

  /** What was measured, by name. */
  Map<String, Object> json() {
    var all = new LinkedHashMap<String, Object>();
    all.put("problem", title);
    all.put("rounds", turns.rounds());
    all.put("sluice_ms", millis());
    all.put("sluice_fastest_ms", turns.fastest(0) / 1e6);
    all.put("activation_bytes", activationBytes);
    var peers = new LinkedHashMap<String, Object>();
    for (int i = 0; i < runners.size(); i++) {
      var one = new LinkedHashMap<String, Object>();
      one.put("ms", turns.median(i + 1) / 1e6);
      one.put("fastest_ms", turns.fastest(i + 1) / 1e6);
      one.putAll(turns.ratio(i + 1).json());
      one.put("worst_difference", differences.get(runners.get(i).name()));
      peers.put(runners.get(i).name(), one);
    }
    reasons.forEach((name, reason) -> peers.put(name, Map.of("cannot", reason)));
    all.put("peers", peers);
    return all;
  }

  /** A peer's cell of the table: its ratio, or nothing. */
  String cell(Peer peer) {
    int at = runners.indexOf(peer);
    return at < 0 ? "" : turns.ratio(at + 1).toString();
  }

  /** Why peers did not run, by their names. */
  Map<String, String> reasons() {
    return reasons;
  }
}
