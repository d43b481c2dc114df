package dev.sluice.benchmarks;

import dev.sluice.weights.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Another library in a process of its own that answers requests, a line of JSON each. */
final class Peer implements Turns.Side, AutoCloseable {
  private final Process process;
  private final Writer requests;
  private final BufferedReader answers;
  private final Map<String, Object> facts = new LinkedHashMap<>();

  /**
   * Starts the process.
   *
   * @param command of it
   * @param threads that it may use
   * @throws IllegalStateException with the peer's own words if it cannot work here
   */
  Peer(List<String> command, int threads) {
    try {
      var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
      builder.environment().put("OMP_NUM_THREADS", String.valueOf(threads));
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    try {
      threads(threads);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Sets the number of threads. */
  void threads(int count) {
    ask(Map.of("threads", count)).forEach((name, fact) -> facts.put((String) name, fact));
  }

  /** Its name, version and what else it says of itself. */
  Map<String, Object> facts() {
    return facts;
  }

  String name() {
    return (String) facts.get("name");
  }

  /** The process's number. */
  long pid() {
    return process.pid();
  }

  /**
   * {@return what the peer answers}
   *
   * @param request of simple values
   * @throws UnsupportedOperationException with the reason if the library has no such thing
   * @throws IllegalStateException with the peer's own words if it failed
   */
  Map<?, ?> ask(Map<String, Object> request) {
    try {
      requests.write(Json.write(request) + "\n");
      requests.flush();
      var line = answers.readLine();
      if (line == null) {
        throw new IllegalStateException("a peer ended at " + request + "; its words stand above");
      }
      var answer = (Map<?, ?>) Json.parse(line);
      if (answer.containsKey("cannot")) {
        throw new UnsupportedOperationException((String) answer.get("cannot"));
      }
      if (answer.containsKey("error")) {
        throw new IllegalStateException("a peer at " + request + ": " + answer.get("error"));
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long[] run(int rounds) {
    return run(Map.of(), rounds);
  }

  /** Nanoseconds of each round of the work that a request names. */
  long[] run(Map<String, String> work, int rounds) {
    var request = new LinkedHashMap<String, Object>(work);
    request.put("run", rounds);
    return ((List<?>) ask(request).get("nanos")).stream().mapToLong(n -> (Long) n).toArray();
  }

  @Override
  public void close() {
    process.destroy();
  }
}
