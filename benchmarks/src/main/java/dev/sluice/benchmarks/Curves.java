package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Mode;
import dev.sluice.cli.bench.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** How the cost of a training step grows with T, N, H, the frame's side and threads. */
final class Curves {
  private static final int TURNS = 3;
  private static final long WARM_UP_MILLIS = 1000;

  private final List<Peer> peers;
  private final int threads;

  private Curves(List<Peer> peers, int threads) {
    this.peers = peers;
    this.threads = threads;
  }

  /** Each curve, printed and kept as it comes. */
  static void run(List<Peer> peers, int threads, Results results) throws Exception {
    var curves = new Curves(peers, threads);
    var all = new ArrayList<Object>();
    results.put("curves", all);
    System.out.printf("%nCost of a training step, ms%n");
    curves.over(
        "T",
        t -> Problems.vectors(Cell.LSTM, Mode.TRAIN, t, 32, 256),
        all,
        10,
        25,
        50,
        100,
        200,
        400);
    curves.over(
        "N",
        n -> Problems.vectors(Cell.LSTM, Mode.TRAIN, 50, n, 256),
        all,
        1,
        2,
        4,
        8,
        16,
        32,
        64,
        128);
    curves.over(
        "H",
        h -> Problems.vectors(Cell.LSTM, Mode.TRAIN, 50, 32, h),
        all,
        32,
        64,
        128,
        256,
        512,
        1024);
    curves.over(
        "side",
        s -> Problems.frames(Cell.CONVLSTM, Mode.TRAIN, 2, 16, s, 3),
        all,
        8,
        16,
        24,
        32,
        48,
        64);
    results.save();
    var counts = new ArrayList<Integer>();
    for (int n = 1; n <= Runtime.getRuntime().availableProcessors(); n *= 2) {
      counts.add(n);
    }
    for (var problem : List.of(Problems.lstm(Mode.TRAIN), Problems.convLstm(Mode.TRAIN))) {
      var points = new ArrayList<Object>();
      for (int n : counts) {
        points.add(curves.point(n, problem, n));
      }
      all.add(curve("threads", problem, points));
    }
    results.save();
  }

  private void over(String axis, IntFunction<Problem> problems, List<Object> all, int... values)
      throws Exception {
    var points = new ArrayList<Object>();
    for (int value : values) {
      points.add(point(value, problems.apply(value), threads));
    }
    all.add(curve(axis, problems.apply(values[0]), points));
  }

  private Object point(int at, Problem problem, int count) throws Exception {
    peers.forEach(peer -> peer.threads(count));
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(count))) {
      var race = Race.of(problem, device, peers, TURNS, WARM_UP_MILLIS).json();
      var point = new LinkedHashMap<String, Object>();
      point.put("at", at);
      point.putAll(race);
      System.out.printf("%-40s %3d threads %9.2f", problem.title(), count, race.get("sluice_ms"));
      ((Map<?, ?>) race.get("peers"))
          .forEach(
              (name, one) -> {
                var ms = ((Map<?, ?>) one).get("ms");
                System.out.printf("  %s %s", name, ms == null ? "-" : "%.2f".formatted(ms));
              });
      System.out.println();
      return point;
    }
  }

  private static Object curve(String axis, Problem first, List<Object> points) {
    var curve = new LinkedHashMap<String, Object>();
    curve.put("axis", axis);
    curve.put("cell", first.cell().label());
    curve.put("first", first.title());
    curve.put("points", points);
    return curve;
  }
}
