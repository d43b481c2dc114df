package dev.sluice.peers;

import dev.sluice.weights.Json;
import dev.sluice.weights.Safetensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * A library as a peer: one JSON request a line on stdin, one JSON answer a line on stdout; the
 * requests are those of service.py.
 */
final class Service {
  private final Library library;
  private Work work;

  /** What can be asked of a library. */
  interface Library {
    /** Sets the number of threads; the library's name and version. */
    Map<String, Object> start(int threads) throws Exception;

    /**
     * Builds a cell with its weights and input.
     *
     * @throws UnsupportedOperationException with the reason if the library has no such cell
     */
    Work open(Given given) throws Exception;
  }

  /** A cell that is ready to run. */
  interface Work {
    /** One sequence, forward or also backward. */
    void round() throws Exception;

    /** Whether many threads may run rounds at once. */
    boolean shared();

    /** What a round gives, by the names and in the layouts of the given. */
    Map<String, float[]> results() throws Exception;

    /** Frees it. */
    void close() throws Exception;
  }

  private Service(Library library) {
    this.library = library;
  }

  static void serve(Library library) throws IOException {
    PrintStream out = System.out;
    System.setOut(System.err); // whatever a library prints is no answer
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var service = new Service(library);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(Json.write(service.answer((Map<?, ?>) Json.parse(line))));
      out.flush();
    }
  }

  private Map<String, Object> answer(Map<?, ?> request) {
    try {
      if (request.containsKey("threads")) {
        return library.start(((Number) request.get("threads")).intValue());
      }
      if (request.containsKey("open")) {
        return open(request);
      }
      if (request.containsKey("sessions")) {
        double seconds = ((Number) request.get("seconds")).doubleValue();
        return Map.of("rate", rate(((Number) request.get("sessions")).intValue(), seconds));
      }
      return Map.of("nanos", run(((Number) request.get("run")).intValue()));
    } catch (UnsupportedOperationException e) {
      return Map.of("cannot", String.valueOf(e.getMessage()));
    } catch (Exception | LinkageError e) { // told to the other side, which decides
      return Map.of("error", root(e).toString());
    }
  }

  private static Throwable root(Throwable e) {
    return e.getCause() == null ? e : root(e.getCause());
  }

  private Map<String, Object> open(Map<?, ?> request) throws Exception {
    if (work != null) {
      work.close();
      work = null;
    }
    if (request.get("cell").equals("training")) {
      throw new UnsupportedOperationException("only single cells are written for it");
    }
    var file = Safetensors.open(Path.of((String) request.get("open")));
    var given = new Given((String) request.get("cell"), (Boolean) request.get("training"), file);
    var opened = library.open(given);
    double worst = given.worst(opened.results());
    work = opened;
    return Map.of("worst", worst);
  }

  private long[] run(int rounds) throws Exception {
    var nanos = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      work.round();
      nanos[i] = System.nanoTime() - start;
    }
    return nanos;
  }

  /** Rounds a second of so many threads. */
  private double rate(int count, double seconds) throws InterruptedException {
    if (!work.shared()) {
      throw new UnsupportedOperationException("its models serve one thread at a time");
    }
    var done = new LongAdder();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < count; i++) {
      threads.add(Thread.ofPlatform().start(() -> rounds(end, done)));
    }
    for (var thread : threads) {
      thread.join();
    }
    return done.sum() * 1e9 / (System.nanoTime() - start);
  }

  private void rounds(long end, LongAdder done) {
    try {
      while (System.nanoTime() < end) {
        work.round();
        done.increment();
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
