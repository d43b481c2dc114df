package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.SluiceException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.concurrent.locks.Lock;

/**
 * One stream's work that comes again and again. The first time it is enqueued as it is, so that
 * plans, kernels and scratch memory are there; the second time it is captured in a CUDA graph; from
 * then on the graph is launched, one call for all of it.
 */
final class Graphs implements AutoCloseable {
  private static final boolean ENABLED =
      Boolean.parseBoolean(System.getProperty("sluice.cuda.graphs", "true"));
  private static final int MOST = 64;

  private final Driver driver;
  private final MemorySegment stream;
  private final Lock capture;

  /** NULL for work that came once. */
  private final LinkedHashMap<Object, MemorySegment> graphs = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param capture held while the stream is captured
   */
  Graphs(Driver driver, MemorySegment stream, Lock capture) {
    this.driver = driver;
    this.stream = stream;
    this.capture = capture;
  }

  void run(Object key, Runnable work) {
    var graph = ENABLED ? graphs.get(key) : null;
    if (graph == null) {
      work.run();
      keep(key, MemorySegment.NULL);
      return;
    }
    if (graph.equals(MemorySegment.NULL)) {
      graph = captured(work);
      keep(key, graph);
    }
    launch(graph);
  }

  private void keep(Object key, MemorySegment graph) {
    if (!ENABLED) {
      return;
    }
    graphs.put(key, graph);
    if (graphs.size() > MOST) {
      var eldest = graphs.pollFirstEntry();
      destroy(eldest.getValue());
    }
  }

  private void launch(MemorySegment graph) {
    driver.call("cuGraphLaunch", () -> cuGraphLaunch(graph, stream));
  }

  private MemorySegment captured(Runnable work) {
    capture.lock();
    try {
      driver.call(
          "cuStreamBeginCapture",
          () -> cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()));
      try {
        work.run();
      } catch (RuntimeException e) {
        abandon(e);
        throw e;
      }
      var graph = driver.create("cuStreamEndCapture", out -> cuStreamEndCapture(stream, out));
      return instantiated(graph);
    } finally {
      capture.unlock();
    }
  }

  /** Destroys what it is made of; both, if either call fails. */
  private MemorySegment instantiated(MemorySegment graph) {
    var made = new MemorySegment[] {MemorySegment.NULL};
    var cleanup = new Cleanup();
    cleanup.run(
        () ->
            made[0] =
                driver.create(
                    "cuGraphInstantiateWithFlags",
                    out -> cuGraphInstantiateWithFlags(out, graph, 0)));
    cleanup.run(() -> driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph)));
    try {
      cleanup.done();
    } catch (RuntimeException e) {
      destroy(made[0]);
      throw e;
    }
    return made[0];
  }

  /** Ends a capture whose work failed; the stream is as it was before. */
  private void abandon(RuntimeException cause) {
    try {
      var graph = driver.create("cuStreamEndCapture", out -> cuStreamEndCapture(stream, out));
      if (!graph.equals(MemorySegment.NULL)) {
        driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
      }
    } catch (SluiceException e) {
      cause.addSuppressed(e);
    }
  }

  private void destroy(MemorySegment graph) {
    if (!graph.equals(MemorySegment.NULL) && driver.lost() == null) {
      driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(graph));
    }
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    graphs.values().forEach(graph -> cleanup.run(() -> destroy(graph)));
    graphs.clear();
    cleanup.done();
  }
}
