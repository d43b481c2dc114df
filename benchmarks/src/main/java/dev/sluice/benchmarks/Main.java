package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.FormatException;
import dev.sluice.cli.bench.Problem;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.openjdk.jmh.runner.NoBenchmarksException;

/** Runs the parts that were asked for and writes one file of results; started by benchmarks/run. */
public final class Main {
  /** In the order in which they run. */
  private static final Set<String> PARTS =
      Set.of("peers", "c", "startup", "sessions", "memory", "curves", "jmh");

  private final Map<String, List<String>> commands = new LinkedHashMap<>();
  private final ArrayDeque<String> args;
  private Path folder = Path.of("results");
  private Path old;
  private String program;
  private String only = "";
  private Deadline deadline;
  private boolean quick;
  private boolean more;
  private int rounds;
  private int threads;

  private Main(List<String> args) {
    this.args = new ArrayDeque<>(args);
  }

  /**
   * Runs.
   *
   * @param args as benchmarks/run gives them
   */
  public static void main(String[] args) throws Exception {
    Locale.setDefault(Locale.ROOT);
    var main = new Main(List.of(args));
    try {
      main.parse();
      if (main.old != null) {
        Page.write(main.old);
      } else {
        main.run();
      }
    } catch (NoBenchmarksException e) {
      fail("--only: expected " + PARTS + " or a piece of a class's name, got " + main.only);
    } catch (IllegalArgumentException | FormatException | UncheckedIOException e) {
      fail(e.getMessage());
    }
  }

  private static void fail(String why) {
    System.err.println("benchmarks/run: " + why);
    System.exit(2);
  }

  private void parse() {
    while (!args.isEmpty()) {
      String option = args.remove();
      switch (option) {
        case "--quick" -> quick = true;
        case "--more" -> more = true;
        case "--results" -> folder = Path.of(args.remove());
        case "--page" -> old = Path.of(args.remove());
        case "--c" -> program = args.remove();
        case "--peer" -> commands.put(args.remove(), words());
        case "--only" -> only = args.remove();
        case "--threads" -> threads = number(option);
        case "--rounds" -> rounds = number(option);
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    if (threads == 0) {
      threads = threadsOfEngine();
    }
    if (rounds == 0) {
      rounds = quick ? 12 : 30;
    }
    deadline = new Deadline(quick && only.isEmpty() ? began() : null);
  }

  /** A command, up to a word that is a full stop. */
  private List<String> words() {
    var words = new ArrayList<String>();
    for (String word = args.remove(); !word.equals("."); word = args.remove()) {
      words.add(word);
    }
    return words;
  }

  private int number(String option) {
    String value = args.remove();
    if (!value.matches("[1-9][0-9]{0,5}")) {
      throw new IllegalArgumentException(option + ": expected 1 or more, got " + value);
    }
    return Integer.parseInt(value);
  }

  /** When the script did, which builds first. */
  private static Instant began() {
    Long seconds = Long.getLong("sluice.began");
    return seconds == null ? Instant.now() : Instant.ofEpochSecond(seconds);
  }

  private static int threadsOfEngine() {
    return Device.engines().stream()
        .filter(engine -> engine.name().equals("cpu"))
        .map(engine -> engine.report().facts().getOrDefault("threads", "1"))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElse(1);
  }

  private void run() throws Exception {
    var results = new Results(folder, Machine.facts());
    results.put("threads", threads);
    results.put("rounds", rounds);
    boolean curves = wanted("curves");
    if (curves && quick && only.isEmpty()) {
      deadline.leaveOut("curves (--only curves)");
      curves = false;
    }
    if (wanted("peers") && !commands.isEmpty() || curves || wanted("sessions")) {
      races(curves, results);
    }
    others(results);
    if ((!PARTS.contains(only) || only.equals("jmh")) && deadline.allows("jmh", "jmh")) {
      results.put("jmh", Jmh.run(only.equals("jmh") ? "" : only, threads, quick));
    }
    results.put("left_out", deadline.leftOut());
    results.put("load_at_end", Machine.load());
    results.save();
    System.out.println("\nresults in " + results.file());
    Page.write(results.file());
  }

  private void races(boolean curves, Results results) throws Exception {
    try (var peers = new Peers(commands, threads)) {
      if (wanted("peers") && !peers.started().isEmpty()) {
        int turns = Math.ceilDiv(rounds, Turns.ROUNDS_A_TURN);
        peers.run(problems(), turns, quick ? 1000 : 2000, deadline, results);
      }
      if (curves) {
        Curves.run(peers.started().stream().limit(1).toList(), threads, results);
      }
      if (runs("sessions")) {
        int times = quick ? 1 : 3;
        results.put("sessions", Sessions.run(peers.started(), quick ? 0.3 : 1, times));
        results.save();
      }
    }
  }

  /** What starts its own processes of the libraries, while none of the races' is alive. */
  private void others(Results results) throws Exception {
    if (program != null && runs("c")) {
      results.put("c", NativeRaces.run(program, threads, quick));
      results.save();
    }
    if (runs("startup")) {
      results.put("startup", StartUp.run(commands, threads, quick ? 2 : 11));
      results.save();
    }
    if (runs("memory")) {
      results.put("memory", Memory.run(commands, threads, quick));
      results.save();
    }
  }

  private List<Problem> problems() {
    return quick ? Problems.few() : more ? Problems.all() : Problems.usual();
  }

  private boolean runs(String part) {
    return wanted(part) && deadline.allows(part, part);
  }

  private boolean wanted(String part) {
    return only.isEmpty() || only.equals(part);
  }
}
