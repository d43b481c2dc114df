package dev.sluice.cli.bench;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MemoryStats;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * A problem on a device, ready to run round after round. A round is one trip over the whole
 * sequence: a pass is opened, used and closed. Weights count as changed before each training round,
 * as after an optimiser's step, so that packing them is part of its time. In {@link Mode#SESSION}
 * it is one step of a session that was made before, from an array to an array. For one thread.
 */
public final class Bench implements AutoCloseable {
  private final Problem problem;
  private final Device device;
  private final int segment;
  private final DeviceArena arena;
  private final Cell.Network network;
  private final Tensor x;
  private Serving serving;
  private Tensor dy;
  private long keptBytes;
  private long activationBytes;
  private long scratchBytes;

  /**
   * Builds the network and draws its input.
   *
   * @param problem what to run
   * @param device where; stays open when this is closed
   */
  public Bench(Problem problem, Device device) {
    this(problem, device, problem.variant().recompute());
  }

  /**
   * Builds the network, draws its input, and trains it with less memory.
   *
   * @param problem what to run
   * @param device where; stays open when this is closed
   * @param segment steps of a segment as in {@link Pass#recomputing}; 0 keeps all
   */
  public Bench(Problem problem, Device device, int segment) {
    this.problem = problem;
    this.device = device;
    this.segment = segment;
    this.arena = device.arena("a benchmark");
    try {
      network = problem.cell().build(problem, Weights.random(problem.seed()), arena);
      x = normal(arena.empty(problem.type(), problem.inputShape()), problem.seed() + 1);
      if (problem.mode() == Mode.SESSION) {
        packWeights();
        long used = device.memory().used();
        serving = new Serving(network, x);
        activationBytes = device.memory().used() - used;
      }
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** So that what the model holds is not taken for the session's. */
  private void packWeights() {
    try (var pass = open()) {
      trip(pass);
    }
  }

  private static Tensor normal(Tensor tensor, long seed) {
    var random = new Random(seed);
    var values = new float[Math.toIntExact(tensor.shape().elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return tensor.set(values);
  }

  /** Runs one round. */
  public void round() {
    if (serving != null) {
      serving.step();
      return;
    }
    long used = device.memory().used();
    device.resetHighWater();
    try (var pass = open()) {
      trip(pass);
      activationBytes = device.memory().highWater() - used;
      pass.stream().synchronize();
      scratchBytes = pass.stream().scratchBytes();
    }
  }

  private Pass open() {
    return problem.training()
        ? Pass.recomputing(device, problem.seed(), segment)
        : Pass.inference(device);
  }

  private Tensor trip(Pass pass) {
    if (!problem.training()) {
      return network.model().step(pass, x, null).y();
    }
    network.parameters().forEach(Parameter::changed);
    pass.watch(x);
    var y = network.model().step(pass, x, null).y();
    keptBytes = pass.bytes();
    if (dy == null) {
      dy = normal(arena.empty(y.type(), y.shape()), problem.seed() + 2);
    }
    device.backend().kernel("copy").run(pass.stream(), new double[0], dy, pass.gradient(y));
    pass.backward();
    return y;
  }

  /**
   * Runs one round and copies out everything that it was made of and that came of it.
   *
   * @return {@code x}, the parameters, {@code lengths} where there are any, {@code y}, and in
   *     training {@code dy} and for each of x and the parameters {@code grad.} and its name
   * @throws ArithmeticException if a result is not finite
   */
  public Map<String, HostTensor> results() {
    var all = new LinkedHashMap<String, HostTensor>();
    try (var pass = open()) {
      if (problem.training()) {
        network.parameters().forEach(p -> zero(pass, p.gradient()));
      }
      var y = serving == null ? trip(pass) : firstStep();
      put(all, "x", x);
      network.parameters().forEach(p -> put(all, p.name(), p.value()));
      if (problem.lengths()) {
        var lengths = problem.sequenceLengths();
        all.put("lengths", new HostTensor(Shape.of(lengths.length), lengths));
      }
      put(all, "y", y);
      if (problem.training()) {
        put(all, "dy", dy);
        put(all, "grad.x", pass.gradient(x));
        network.parameters().forEach(p -> put(all, "grad." + p.name(), p.gradient()));
      }
    }
    return all;
  }

  private Tensor firstStep() {
    serving.reset();
    serving.step();
    return serving.y();
  }

  private void zero(Pass pass, Tensor tensor) {
    device.backend().kernel("fill").run(pass.stream(), new double[] {0}, tensor);
  }

  private static void put(Map<String, HostTensor> all, String name, Tensor tensor) {
    var values = tensor.doubles();
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new ArithmeticException(
            "bench: expected finite results, got " + value + " in " + name);
      }
    }
    boolean wide = tensor.type() == DType.FLOAT64;
    all.put(name, new HostTensor(tensor.shape(), wide ? values : tensor.floats()));
  }

  /** {@return what is run} */
  public Problem problem() {
    return problem;
  }

  /** {@return bytes that the last training round's pass held between forward and backward} */
  public long keptBytes() {
    return keptBytes;
  }

  /** {@return bytes that the last round's pass held at most, or that the session holds} */
  public long activationBytes() {
    return activationBytes;
  }

  /** {@return bytes that the engine keeps with the last round's stream} */
  public long scratchBytes() {
    return serving == null ? scratchBytes : serving.scratchBytes();
  }

  /** {@return what the device's memory pool holds} */
  public MemoryStats memory() {
    return device.memory();
  }

  @Override
  public void close() {
    if (serving != null) {
      serving.close();
    }
    arena.close();
  }
}
