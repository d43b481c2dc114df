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
import java.util.stream.IntStream;

/** How the cost of a training step grows with T, N, H, the frame's side and threads. */
final class Curves {
  private static final int TURNS = 3;
  private static final long WARM_UP_MILLIS = 3000;

  private final List<Peer> peers;
  private final int threads;
  private final List<Object> all = new ArrayList<>();

  private Curves(List<Peer> peers, int threads) {
    this.peers = peers;
    this.threads = threads;
  }

  /** Each curve, printed and kept as it comes. */
  static void run(List<Peer> peers, int threads, Results results) throws Exception {
    System.out.printf("%nCost of a training step, ms%n");
    var curves = new Curves(peers, threads);
    results.put("curves", curves.all);
    curves.over(
        "T",
        "LSTM, N 32, C 256, H 256",
        "T, steps",
        t -> Problems.vectors(Cell.LSTM, Mode.TRAIN, t, 32, 256),
        new int[] {10, 25, 50, 100, 200, 400});
    curves.over(
        "N",
        "LSTM, T 50, C 256, H 256",
        "N, sequences at once",
        n -> Problems.vectors(Cell.LSTM, Mode.TRAIN, 50, n, 256),
        new int[] {1, 2, 4, 8, 16, 32, 64, 128});
    curves.over(
        "H",
        "LSTM, T 50, N 32, C as H",
        "H, hidden channels (arithmetic: H\u00b2)",
        h -> Problems.vectors(Cell.LSTM, Mode.TRAIN, 50, 32, h),
        new int[] {32, 64, 128, 256, 512, 1024});
    curves.over(
        "side",
        "ConvLSTM 3x3, T 10, N 2, C 16, H 64",
        "frame's side, pixels (arithmetic: side\u00b2)",
        side -> Problems.frames(Cell.CONVLSTM, Mode.TRAIN, 2, 16, side, 3),
        new int[] {8, 16, 24, 32, 48, 64});
    results.save();
    curves.threads("LSTM, T 100, N 32, C 256, H 256", Problems.lstm(Mode.TRAIN));
    curves.threads("ConvLSTM 3x3, 16x16, T 10, N 8, C 16, H 64", Problems.convLstm(Mode.TRAIN));
    results.save();
  }

  private void over(
      String axis, String title, String label, IntFunction<Problem> problems, int[] values)
      throws Exception {
    var points = new ArrayList<Object>();
    for (int value : values) {
      points.add(point(value, problems.apply(value), threads, 1));
    }
    put(axis, title, label, points);
  }

  private void threads(String title, Problem problem) throws Exception {
    var points = new ArrayList<Object>();
    int most = Runtime.getRuntime().availableProcessors();
    for (int n : IntStream.iterate(1, n -> n <= most, n -> 2 * n).toArray()) {
      points.add(point(n, problem, n, n));
    }
    put("threads", title, "threads", points);
  }

  private void put(String axis, String title, String label, List<Object> points) {
    var curve = new LinkedHashMap<String, Object>();
    curve.put("axis", axis);
    curve.put("title", title);
    curve.put("label", label);
    curve.put("points", points);
    all.add(curve);
  }

  private Object point(int at, Problem problem, int count, int sharers) throws Exception {
    peers.forEach(peer -> peer.threads(count));
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(count))) {
      var race = Race.of(problem, device, peers, TURNS, WARM_UP_MILLIS).json();
      var point = new LinkedHashMap<String, Object>();
      point.put("at", at);
      point.put("gflop", problem.flops() / 1e9 / sharers);
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
}
