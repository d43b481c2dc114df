package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Problem;
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
    var races = new ArrayList<Object>();
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
        var race = new LinkedHashMap<String, Object>(Map.of("problem", title(problem)));
        race.putAll(Race.run(problem, device, peer, quick ? 5 : 10));
        races.add(race);
        System.out.printf(
            "%-52s %10.2f %10.2f  %.2f (95 %%: %.2f to %.2f)%n",
            title(problem),
            race.get("sluice_ms"),
            race.get("peer_ms"),
            race.get("ratio"),
            race.get("ratio_low"),
            race.get("ratio_high"));
      }
    }
    all.put("races", races);
    return all;
  }

  private static String title(Problem p) {
    var frames =
        p.cell().overFrames()
            ? " %dx%d k%d".formatted(p.height(), p.width(), p.kernel())
            : p.bidirectional() ? " both directions" : "";
    return "%s %s T%d N%d C%d H%d L%d%s"
        .formatted(
            p.cell().label(),
            p.training() ? "train" : "forward",
            p.steps(),
            p.batch(),
            p.input(),
            p.hidden(),
            p.layers(),
            frames);
  }

  private static List<Problem> problems(boolean more) {
    var all = new ArrayList<Problem>();
    for (boolean training : new boolean[] {false, true}) {
      all.add(Sequences.lstm(training));
      all.add(Sequences.convLstm(training));
      if (more) {
        all.add(Sequences.vectors(training, 50, 1, 512, 512, 1, false));
        all.add(Sequences.vectors(training, 100, 32, 128, 128, 2, true));
        all.add(Sequences.frames(training, 10, 8, 1, 64, 16, 3));
        all.add(Sequences.frames(training, 10, 8, 16, 64, 16, 5));
        all.add(Sequences.frames(training, 10, 8, 16, 64, 64, 3));
      }
    }
    return all;
  }
}
