package dev.sluice;

import static java.util.Objects.requireNonNull;

import dev.sluice.spi.Backend;
import dev.sluice.spi.Engine;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
  private static final Set<String> FELL_BACK = ConcurrentHashMap.newKeySet();

  private final String engine;
  private final MathMode math;
  private final ConvolutionMode convolution;
  private final Backend backend;
  private final MemoryPool pool;
  private final Set<DeviceArena> arenas = new LinkedHashSet<>();
  private final Streams streams;
  private boolean closed;

  private Device(String engine, Backend backend, Options options) {
    this.engine = engine;
    this.math = options.math;
    this.convolution = options.convolution;
    this.backend = backend;
    this.pool = new MemoryPool(backend, options.memoryCap);
    this.streams = new Streams(backend);
    backend.whenShort(pool::releaseIdle);
  }

  /**
   * How to open a device.
   *
   * @param engine {@code auto}, or the name of an engine, {@code cpu} or {@code cuda}, and of its
   *     device where there are several: {@code cuda:1}
   * @param threads threads a caller's work may use, 1024 at most, 0 for the machine's physical
   *     cores; on the CPU engine OpenMP's variables in the environment, {@code OMP_PROC_BIND} and
   *     {@code OMP_PLACES}, bind them to cores, each calling thread to the first, which helps one
   *     caller at most
   * @param memoryCap bytes that may be reserved at most
   * @param math what float32 products may be rounded to; an engine that has no such mode refuses
   * @param convolution which algorithms convolutions may be computed by; an engine that has no such
   *     mode refuses
   */
  public record Options(
      String engine, int threads, long memoryCap, MathMode math, ConvolutionMode convolution) {
    /** OpenMP ends the process where the system refuses it a thread or a stack. */
    private static final int MOST_THREADS = 1024;

    /** Checks the values. */
    public Options {
      requireNonNull(engine, "engine");
      requireNonNull(math, "math");
      requireNonNull(convolution, "convolution");
      if (threads < 0 || threads > MOST_THREADS) {
        throw new IllegalArgumentException(
            "threads: expected 0 to %d, got %d".formatted(MOST_THREADS, threads));
      }
      if (memoryCap < 1) {
        throw new IllegalArgumentException("memory cap: expected 1 byte or more, got " + memoryCap);
      }
    }

    /** {@return the best engine, all physical cores, no cap} */
    public static Options defaults() {
      return new Options("auto", 0, Long.MAX_VALUE, MathMode.EXACT, ConvolutionMode.FAST);
    }

    /**
     * {@return these options for another engine}
     *
     * @param name of it
     */
    public Options engine(String name) {
      return new Options(name, threads, memoryCap, math, convolution);
    }

    /**
     * {@return these options with another number of threads}
     *
     * @param count 0 for the machine's physical cores
     */
    public Options threads(int count) {
      return new Options(engine, count, memoryCap, math, convolution);
    }

    /**
     * {@return these options with a cap on memory}
     *
     * @param bytes the most that may be reserved
     */
    public Options memoryCap(long bytes) {
      return new Options(engine, threads, bytes, math, convolution);
    }

    /**
     * {@return these options with another precision of products}
     *
     * @param mode what float32 products may be rounded to
     */
    public Options math(MathMode mode) {
      return new Options(engine, threads, memoryCap, mode, convolution);
    }

    /**
     * {@return these options with other algorithms of convolutions}
     *
     * @param mode which they may be
     */
    public Options convolution(ConvolutionMode mode) {
      return new Options(engine, threads, memoryCap, math, mode);
    }

    /** {@return the engine without its device} */
    String family() {
      int colon = engine.indexOf(':');
      return colon < 0 ? engine : engine.substring(0, colon);
    }

    /** {@return which device of the engine: what follows the colon, or an empty string} */
    public String which() {
      int colon = engine.indexOf(':');
      return colon < 0 ? "" : engine.substring(colon + 1);
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
    var refused = new LinkedHashMap<String, String>();
    for (var engine : engines()) {
      if (!options.engine.equals("auto") && !options.family().equals(engine.name())) {
        continue;
      }
      try {
        var device = new Device(engine.name(), engine.open(options), options);
        refused.forEach((name, reason) -> fellBack(engine.name(), name, reason));
        return device;
      } catch (EngineUnavailableException e) {
        refused.put(engine.name(), e.getMessage());
      }
    }
    if (refused.isEmpty()) {
      var names = engines().stream().map(Engine::name).toList();
      throw new IllegalArgumentException(
          "engine: expected auto or one of " + names + ", got " + options.engine);
    }
    var reasons = new ArrayList<String>();
    refused.forEach((name, reason) -> reasons.add(name + ": " + reason));
    throw new EngineUnavailableException("no engine opens here; " + String.join("; ", reasons));
  }

  /** Says once a process that a faster engine does not open here, and why. */
  private static void fellBack(String to, String from, String reason) {
    if (FELL_BACK.add(from)) {
      var first = reason.lines().findFirst().orElse("").replaceFirst(":$", "");
      System.getLogger(Device.class.getName())
          .log(
              System.Logger.Level.INFO,
              "engine {0}, since {1} does not open: {2}; ./sluice info says more",
              to,
              from,
              first);
    }
  }

  /** {@return the name of the engine} */
  public String engine() {
    return engine;
  }

  /** {@return what it runs on, for reports: {@code cpu}, {@code cuda:0 (NVIDIA H100)}} */
  public String title() {
    return backend.title();
  }

  /** {@return what float32 products may be rounded to} */
  public MathMode math() {
    return math;
  }

  /** {@return which algorithms convolutions may be computed by} */
  public ConvolutionMode convolution() {
    return convolution;
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

  /** {@return its streams; for layers, not for users} */
  public synchronized Streams streams() {
    requireOpen();
    return streams;
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
    return streams.take();
  }

  /**
   * Gives a lease back.
   *
   * @param stream from {@link #takeStream} in the same thread
   */
  public void giveBack(Stream stream) {
    streams.giveBack(stream);
  }

  void upload(MemorySegment host, Tensor to) {
    ordered(to, stream -> backend.upload(stream, host, to));
  }

  void download(Tensor from, MemorySegment host) {
    ordered(from, stream -> backend.download(stream, from, host));
  }

  /** Of a new tensor; one that stays is not made anew where work is done again. */
  void zero(Tensor tensor) {
    ordered(
        tensor,
        stream -> {
          Runnable fill = () -> backend.kernel("fill").run(stream, new double[] {0}, tensor);
          if (tensor.arena().stream() == null) {
            stream.aside(fill);
          } else {
            fill.run();
          }
        });
  }

  /**
   * Runs on the tensor's own stream, in order with the rest of it; or, where any stream may use the
   * tensor, after all of them and before what they get next.
   */
  private void ordered(Tensor tensor, Consumer<Stream> work) {
    tensor.arena().requireOpen();
    var own = tensor.arena().stream();
    if (own != null) {
      own.lease();
      try {
        work.accept(own);
      } finally {
        own.release();
      }
      return;
    }
    var stream = takeStream();
    try {
      streams.synchronize();
      work.accept(stream);
      stream.synchronize();
    } finally {
      giveBack(stream);
    }
  }

  MemoryPool pool() {
    return pool;
  }

  boolean traced() {
    return Device.class.desiredAssertionStatus();
  }

  synchronized void opened(DeviceArena arena) {
    requireOpen();
    arenas.add(arena);
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
    RuntimeException failure = null;
    var ends = new ArrayList<>(streams.ends());
    ends.add(pool::close);
    ends.add(backend::close);
    for (var end : ends) {
      failure = ended(end, failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Ends something whatever became of the others; the first failure, with the others in it. */
  static RuntimeException ended(Runnable end, RuntimeException before) {
    try {
      end.run();
      return before;
    } catch (RuntimeException e) {
      if (before == null) {
        return e;
      }
      before.addSuppressed(e);
      return before;
    }
  }
}
