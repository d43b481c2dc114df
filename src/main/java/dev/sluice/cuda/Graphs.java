package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.DeviceLostException;
import dev.sluice.NativeException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.concurrent.locks.Lock;

/**
 * One stream's work that comes again and again. The first time it is enqueued as it is, so that
 * plans, kernels and scratch memory are there; the second time it is captured in a CUDA graph; from
 * then on the graph is launched, one call for all of it. What the driver, cuBLAS or cuDNN refuses
 * to have captured is enqueued as it is, then and from then on.
 */
final class Graphs implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Graphs.class.getName());
  private static final boolean ENABLED =
      Boolean.parseBoolean(System.getProperty("sluice.cuda.graphs", "true"));
  private static final int MOST = 64;
  private static final int MOST_SEEN = 4096;

  private final Driver driver;
  private final MemorySegment stream;
  private final Lock capture;

  /** NULL for work that cannot be captured. */
  private final LinkedHashMap<Object, MemorySegment> graphs = new LinkedHashMap<>(16, 0.75f, true);

  /** Hashes of work that came: two that share one are captured early, which does no harm. */
  private final LinkedHashSet<Integer> seen = new LinkedHashSet<>();

  private boolean capturing;

  /**
   * @param capture held while the stream is captured
   */
  Graphs(Driver driver, MemorySegment stream, Lock capture) {
    this.driver = driver;
    this.stream = stream;
    this.capture = capture;
  }

  /** Within work that is captured, work becomes a part of it. */
  void run(Object key, Runnable work) {
    if (capturing || !ENABLED) {
      work.run();
      return;
    }
    var graph = graphs.get(key);
    if (graph == null && first(key)) {
      work.run();
      return;
    }
    if (graph == null) {
      graph = captured(key, work);
    }
    if (graph.equals(MemorySegment.NULL)) {
      work.run();
    } else {
      launch(graph);
    }
  }

  private boolean first(Object key) {
    boolean added = seen.add(key.hashCode());
    if (seen.size() > MOST_SEEN) {
      seen.removeFirst();
    }
    return added;
  }

  private void keep(Object key, MemorySegment graph) {
    graphs.put(key instanceof Listing listing ? listing.mark() : key, graph);
    if (graphs.size() > MOST) {
      destroy(graphs.pollFirstEntry().getValue());
    }
  }

  private void launch(MemorySegment graph) {
    driver.call("cuGraphLaunch", () -> cuGraphLaunch(graph, stream));
  }

  /** {@return the graph, or NULL where it was refused} */
  private MemorySegment captured(Object key, Runnable work) {
    try {
      var graph = capture(work);
      keep(key, graph);
      return graph;
    } catch (NativeException e) {
      if (!refused(e)) {
        throw e;
      }
      LOG.log(
          System.Logger.Level.INFO,
          "work of {0} steps runs without a graph, since its capture was refused: {1}",
          key instanceof Listing listing ? listing.tasks().size() : 1,
          e.getMessage());
      keep(key, MemorySegment.NULL);
      return MemorySegment.NULL;
    }
  }

  /** Whether it was the capture that failed; what else fails would do so without one too. */
  private static boolean refused(NativeException e) {
    return e.code() >= CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED()
            && e.code() <= CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD()
        || e.code() == CUDA_ERROR_NOT_SUPPORTED() && e.call().startsWith("cu");
  }

  /**
   * A virtual thread may go on on another thread of the system, which may end only a relaxed
   * capture.
   */
  private static int mode() {
    return Thread.currentThread().isVirtual()
        ? CU_STREAM_CAPTURE_MODE_RELAXED()
        : CU_STREAM_CAPTURE_MODE_THREAD_LOCAL();
  }

  private MemorySegment capture(Runnable work) {
    capture.lock();
    try {
      driver.call("cuStreamBeginCapture", () -> cuStreamBeginCapture_v2(stream, mode()));
      capturing = true;
      try {
        work.run();
      } catch (RuntimeException e) {
        throw abandon(e);
      } finally {
        capturing = false;
      }
      return instantiated(
          driver.create("cuStreamEndCapture", out -> cuStreamEndCapture(stream, out)));
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

  /**
   * Ends a capture whose work failed; the stream is as it was before.
   *
   * @return the cause, or that the capture had become invalid, of which libraries above the driver
   *     say no more than that something failed
   */
  private RuntimeException abandon(RuntimeException cause) {
    try {
      var graph = driver.create("cuStreamEndCapture", out -> cuStreamEndCapture(stream, out));
      if (!graph.equals(MemorySegment.NULL)) {
        driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
      }
    } catch (NativeException e) {
      if (refused(e)
          && cause instanceof NativeException
          && !(cause instanceof DeviceLostException)) {
        e.addSuppressed(cause);
        return e;
      }
      cause.addSuppressed(e);
    }
    return cause;
  }

  private void destroy(MemorySegment graph) {
    if (!graph.equals(MemorySegment.NULL) && driver.lost() == null) {
      driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(graph));
    }
  }

  /** Forgets all graphs: what they were captured from may have ended. */
  void forget() {
    var cleanup = new Cleanup();
    graphs.values().forEach(graph -> cleanup.run(() -> destroy(graph)));
    graphs.clear();
    cleanup.done();
  }

  @Override
  public void close() {
    forget();
  }
}
