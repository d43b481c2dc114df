package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Mode;
import dev.sluice.cli.bench.Problem;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.Session;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Sequences a second of an LSTM (T 20, N 1, C 256, H 256) where 1 to 64 threads share one model,
 * each with a {@link Session} of its own; the engines themselves use one thread. Beside it those
 * libraries in Java whose models may be shared.
 */
final class Sessions {
  private static final Problem PROBLEM = Problems.vectors(Cell.LSTM, Mode.FORWARD, 20, 1, 256);
  private static final int MOST = 64;

  private Sessions() {}

  /** Sequences a second by threads. */
  private interface Server {
    double rate(int threads, double seconds) throws InterruptedException;
  }

  static List<Object> run(List<Peer> peers, double seconds, int rounds) throws Exception {
    var options = Device.Options.defaults().engine("cpu").threads(1);
    var servers = new LinkedHashMap<String, Server>();
    try (var device = Device.open(options);
        var bench = new Bench(PROBLEM, device);
        var given = Given.of(bench);
        var arena = device.arena("sessions")) {
      var model = Rnn.lstm(256, 256).build(Weights.random(0), arena);
      servers.put("Sluice", (threads, time) -> rate(model, threads, time));
      for (var peer : peers) {
        try {
          peer.threads(1);
          given.open(peer);
          rate(peer, 1, 0.1); // throws where a model serves one thread alone
          servers.put(peer.name(), (threads, time) -> rate(peer, threads, time));
        } catch (UnsupportedOperationException | IllegalStateException e) {
          System.out.println("sessions without " + peer.name() + ": " + e.getMessage());
        }
      }
      return measure(servers, seconds, rounds);
    }
  }

  private static double rate(Peer peer, int threads, double seconds) {
    var answer = peer.ask(Map.of("sessions", threads, "seconds", seconds));
    return ((Number) answer.get("rate")).doubleValue();
  }

  /** Each thread has a session of its own, and all share the model's weights. */
  private static double rate(Rnn model, int count, double seconds) throws InterruptedException {
    var sessions = new ArrayList<Session>();
    try {
      for (int i = 0; i < count; i++) {
        var x = PROBLEM.inputShape();
        sessions.add(
            Session.of(model, PROBLEM.type(), x, (pass, in) -> model.forward(pass, in).y()));
      }
      var done = new LongAdder();
      long start = System.nanoTime();
      long end = start + (long) (seconds * 1e9);
      var threads = new ArrayList<Thread>();
      for (var session : sessions) {
        threads.add(Thread.ofPlatform().start(() -> serve(session, end, done)));
      }
      for (var thread : threads) {
        thread.join();
      }
      return done.sum() * 1e9 / (System.nanoTime() - start);
    } finally {
      sessions.forEach(Session::close);
    }
  }

  private static void serve(Session session, long end, LongAdder done) {
    var from = new float[(int) session.x().shape().elements()];
    var to = new float[(int) session.y().shape().elements()];
    while (System.nanoTime() < end) {
      session.step(from, to);
      done.increment();
    }
  }

  private static List<Object> measure(Map<String, Server> servers, double seconds, int rounds)
      throws InterruptedException {
    for (var server : servers.values()) {
      server.rate(1, 2);
    }
    System.out.printf("%nSequences a second, a model shared by threads: %s%n", PROBLEM.title());
    System.out.printf("%-40s", "threads");
    servers.keySet().forEach(name -> System.out.printf(" %14s", name));
    System.out.println();
    var all = new ArrayList<Object>();
    for (int threads = 1; threads <= MOST; threads *= 2) {
      var best = new LinkedHashMap<String, Object>(Map.of("threads", threads));
      for (int round = 0; round < rounds; round++) {
        for (var server : servers.entrySet()) {
          double rate = server.getValue().rate(threads, seconds);
          best.merge(server.getKey(), rate, (a, b) -> Math.max((Double) a, (Double) b));
        }
      }
      System.out.printf("%-40d", threads);
      servers.keySet().forEach(name -> System.out.printf(" %14.0f", (Double) best.get(name)));
      System.out.println();
      all.add(best);
    }
    return all;
  }
}
