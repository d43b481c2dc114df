package dev.sluice;

import dev.sluice.spi.Backend;
import dev.sluice.spi.Engine;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;

/**
 * An open engine on one piece of hardware: where memory lives and work runs. Thread-safe; closing
 * is refused while arenas are open.
 *
 * <pre>{@code
 * try (var device = Device.best(); var arena = device.arena()) {
 *   ...
 * }
 * }</pre>
 */
public final class Device implements AutoCloseable {
  private final String engine;
  private final Backend backend;
  private final MemoryPool pool;
  private final Set<DeviceArena> arenas = new LinkedHashSet<>();
  private final Deque<Stream> idle = new ArrayDeque<>();
  private final Map<Thread, Stream> held = new IdentityHashMap<>();
  private final List<Stream> streams = new ArrayList<>();
  private boolean closed;

  private Device(String engine, Backend backend, long cap) {
    this.engine = engine;
    this.backend = backend;
    this.pool = new MemoryPool(backend, cap);
  }

  /**
   * How to open a device.
   *
   * @param engine {@code auto}, or the name of an engine: {@code cpu}
   * @param threads threads a caller's work may use, 0 for the machine's physical cores
   * @param memoryCap bytes that may be reserved at most
   */
  public record Options(String engine, int threads, long memoryCap) {
    /** Checks the values. */
    public Options {
      if (threads < 0 || memoryCap <= 0) {
        throw new IllegalArgumentException(
            "device options: expected threads >= 0 and a cap > 0, got threads "
                + threads
                + ", cap "
                + memoryCap);
      }
    }

    /** {@return the best engine, all physical cores, no cap} */
    public static Options defaults() {
      return new Options("auto", 0, Long.MAX_VALUE);
    }

    /**
     * {@return these options for another engine}
     *
     * @param name of it
     */
    public Options engine(String name) {
      return new Options(name, threads, memoryCap);
    }

    /**
     * {@return these options with another number of threads}
     *
     * @param count 0 for the machine's physical cores
     */
    public Options threads(int count) {
      return new Options(engine, count, memoryCap);
    }

    /**
     * {@return these options with a cap on memory}
     *
     * @param bytes the most that may be reserved
     */
    public Options memoryCap(long bytes) {
      return new Options(engine, threads, bytes);
    }
  }

  /** {@return the engines that this installation has, whether or not they open here} */
  public static List<Engine> engines() {
    var found = new ArrayList<Engine>();
    ServiceLoader.load(Engine.class, Device.class.getClassLoader()).forEach(found::add);
    found.sort((a, b) -> Integer.compare(b.preference(), a.preference()));
    return found;
  }

  /**
   * {@return the fastest engine that opens}
   *
   * @throws EngineUnavailableException if none does
   */
  public static Device best() {
    return open(Options.defaults());
  }

  /**
   * {@return a device of one engine}
   *
   * @param engine its name: {@code cpu}
   */
  public static Device open(String engine) {
    return open(Options.defaults().engine(engine));
  }

  /**
   * {@return a device}
   *
   * @param options which, and how
   * @throws EngineUnavailableException naming each engine asked and its reason
   */
  public static Device open(Options options) {
    var reasons = new ArrayList<String>();
    for (var engine : engines()) {
      if (!options.engine.equals("auto") && !options.engine.equals(engine.name())) {
        continue;
      }
      try {
        return new Device(engine.name(), engine.open(options), options.memoryCap);
      } catch (EngineUnavailableException e) {
        reasons.add(engine.name() + ": " + e.getMessage());
      }
    }
    if (reasons.isEmpty()) {
      var names = engines().stream().map(Engine::name).toList();
      throw new IllegalArgumentException(
          "engine: expected auto or one of " + names + ", got " + options.engine);
    }
    throw new EngineUnavailableException("no engine opens here; " + String.join("; ", reasons));
  }

  /** {@return the name of the engine} */
  public String engine() {
    return engine;
  }

  /** {@return a new arena} */
  public DeviceArena arena() {
    return arena("an arena");
  }

  /**
   * {@return a new arena}
   *
   * @param name what it is for, for messages and statistics
   */
  public DeviceArena arena(String name) {
    return arena(name, null);
  }

  /**
   * {@return a new arena whose copies to and from the host are ordered with the work of one stream}
   *
   * @param name what it is for
   * @param stream the stream, or null for an arena that every stream may use
   */
  public synchronized DeviceArena arena(String name, Stream stream) {
    requireOpen();
    var arena = new DeviceArena(this, name, stream);
    arenas.add(arena);
    return arena;
  }

  /** {@return the engine's side; for layers, not for users} */
  public Backend backend() {
    return backend;
  }

  /** {@return what the memory pool holds} */
  public MemoryStats memory() {
    return pool.stats();
  }

  /** Starts a new high-water mark at what is in use now. */
  public void resetHighWater() {
    pool.resetHighWater();
  }

  /**
   * {@return a stream, leased to the calling thread until {@link #giveBack}; the one that the
   * thread holds already if it does, so that a thread's work is in order}
   */
  public synchronized Stream takeStream() {
    requireOpen();
    var stream = held.get(Thread.currentThread());
    if (stream == null) {
      stream = idle.poll();
    }
    if (stream == null) {
      stream = backend.openStream();
      streams.add(stream);
    }
    stream.lease();
    held.put(Thread.currentThread(), stream);
    return stream;
  }

  /**
   * Gives a lease back.
   *
   * @param stream from {@link #takeStream} in the same thread
   */
  public synchronized void giveBack(Stream stream) {
    if (stream.release()) {
      held.remove(Thread.currentThread());
      idle.push(stream);
    }
  }

  void upload(MemorySegment host, Tensor to) {
    ordered(to, stream -> backend.upload(stream, host, to));
  }

  void download(Tensor from, MemorySegment host) {
    ordered(from, stream -> backend.download(stream, from, host));
  }

  void zero(Tensor tensor) {
    ordered(tensor, stream -> backend.kernel("fill").run(stream, new double[] {0}, tensor));
  }

  /** Runs on the tensor's own stream, or, where any stream may use it, after all of them. */
  private void ordered(Tensor tensor, Consumer<Stream> work) {
    tensor.arena().requireOpen();
    var own = tensor.arena().stream();
    var stream = own == null ? takeStream() : own;
    stream.lease();
    try {
      if (own == null) {
        synchronizeAll();
      }
      work.accept(stream);
      stream.synchronize();
    } finally {
      stream.release();
      if (own == null) {
        giveBack(stream);
      }
    }
  }

  private synchronized void synchronizeAll() {
    streams.forEach(Stream::synchronize);
  }

  MemoryPool pool() {
    return pool;
  }

  boolean traced() {
    return Device.class.desiredAssertionStatus();
  }

  synchronized void closed(DeviceArena arena) {
    arenas.remove(arena);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("device " + engine + ": expected open, but it is closed");
    }
  }

  /**
   * Returns all memory and handles to the system; doing so again does nothing.
   *
   * @throws IllegalStateException if arenas or passes are still open; the device stays usable
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (!arenas.isEmpty()) {
      var open =
          new IllegalStateException(
              "device "
                  + engine
                  + ": expected every arena closed before the device, but open are "
                  + arenas.stream().map(DeviceArena::name).toList());
      arenas.stream().map(DeviceArena::opened).filter(t -> t != null).forEach(open::addSuppressed);
      throw open;
    }
    closed = true;
    streams.forEach(Stream::close);
    pool.close();
    backend.close();
  }
}
