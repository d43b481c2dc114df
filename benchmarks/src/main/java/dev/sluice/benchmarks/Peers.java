package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Problem;
import dev.sluice.cli.bench.Suite;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The races against PyTorch: which problems, and the table. */
final class Peers {
  private Peers() {}

  /** Every race, with the lines of the table printed as they come. */
  static Map<String, Object> run(List<String> command, int threads, boolean quick, boolean more)
      throws Exception {
    var races = new ArrayList<Map<String, Object>>();
    var all = new LinkedHashMap<String, Object>();
    var options = Device.Options.defaults().engine("cpu").threads(threads);
    try (var device = Device.open(options);
        var peer = new Peer(command, threads)) {
      var who = peer.ask(Map.of("threads", threads));
      all.put("peer", who);
      System.out.printf(
          "%n%s %s beside Sluice, %d threads: medians; ratio above 1 where Sluice is faster%n",
          who.get("name"), who.get("version"), threads);
      System.out.printf("%-52s %10s %10s  ratio%n", "", "Sluice ms", "peer ms");
      for (var problem : problems(more)) {
        var race = new LinkedHashMap<String, Object>(Map.of("problem", problem.title()));
        race.putAll(Race.run(problem, device, peer, quick ? 5 : 10));
        races.add(race);
        System.out.printf(
            "%-52s %10.2f %10.2f  %.2f (95 %%: %.2f to %.2f)%n",
            problem.title(),
            race.get("sluice_ms"),
            race.get("peer_ms"),
            race.get("ratio"),
            race.get("ratio_low"),
            race.get("ratio_high"));
      }
    }
    double mean = geometricMean(races);
    System.out.printf("%-52s %27.2f%n", "geometric mean", mean);
    all.put("races", races);
    all.put("geometric_mean", mean);
    return all;
  }

  /** The mean of the ratios as factors, so that twice as fast and half as fast cancel out. */
  private static double geometricMean(List<Map<String, Object>> races) {
    double logs = races.stream().mapToDouble(race -> Math.log((Double) race.get("ratio"))).sum();
    return Math.exp(logs / races.size());
  }

  /** The standard shapes, or every cell's. */
  private static List<Problem> problems(boolean more) {
    if (more) {
      return Suite.CELLS.problems();
    }
    var all = new ArrayList<Problem>();
    for (boolean training : new boolean[] {false, true}) {
      all.add(Sequences.lstm(training));
      all.add(Sequences.convLstm(training));
    }
    return all;
  }
}
