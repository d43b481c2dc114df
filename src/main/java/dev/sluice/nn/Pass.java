package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One trip through a model: its stream, its activations and, in training, the way back. Layers
 * enqueue work and record how to undo it; {@link #backward} walks the records from the last to the
 * first. Closing ends every tensor of the pass. For the thread that opened it.
 *
 * <pre>{@code
 * try (var pass = Pass.training(device)) {
 *   var predicted = model.forward(pass, seen, 10);
 *   pass.backward(Loss.mse().of(pass, predicted, next));
 *   adam.step();
 * }
 * }</pre>
 */
public final class Pass implements AutoCloseable {
  /** For {@link #recomputing}: segments of sqrt(T) steps, rounded up. */
  public static final int SQRT_OF_STEPS = -1;

  private final Device device;
  private final boolean training;
  private final Stream stream;
  private final DeviceArena arena;
  private final Thread owner = Thread.currentThread();
  private final List<Runnable> records = new ArrayList<>();
  private final Adjoints adjoints = new Adjoints(this);
  private final Map<Object, Tensor> madeOnce = new HashMap<>();
  private final Map<Object, Consumer<Pass>> afterwards = new LinkedHashMap<>();
  private final OptionalLong seed;
  private final int segment;
  private final Pass outer;
  private final Repeated.Round round;
  private final List<Repeated.Round> parts = new ArrayList<>();
  private boolean keepsSegments;
  private long calls;
  private boolean wentBack;
  private boolean closed;

  private Pass(Device device, boolean training, OptionalLong seed, int segment, Pass outer) {
    this.outer = outer;
    this.round = null;
    this.device = device;
    this.training = training;
    this.seed = seed;
    this.segment = segment;
    this.stream = device.takeStream();
    this.arena = device.arena(training ? "a training pass" : "an inference pass", stream);
  }

  /** An inference pass on a session's stream and memory, which end with the session. */
  Pass(Stream stream, DeviceArena arena) {
    this.outer = null;
    this.round = null;
    this.device = arena.device();
    this.training = false;
    this.seed = OptionalLong.empty();
    this.segment = 0;
    this.stream = stream;
    this.arena = arena;
  }

  /** A part of a training pass, on its stream, in memory that ends with it. */
  Pass(Pass outer, Repeated.Round round) {
    this.outer = outer;
    this.round = round;
    this.device = outer.device;
    this.training = true;
    this.seed = outer.seed;
    this.segment = 0;
    this.stream = outer.stream;
    this.arena = round.arena();
  }

  /**
   * {@return a pass that keeps nothing for backward}
   *
   * @param device where it runs
   */
  public static Pass inference(Device device) {
    return new Pass(device, false, OptionalLong.empty(), 0, null);
  }

  /**
   * {@return a pass that can go backward}
   *
   * @param device where it runs
   */
  public static Pass training(Device device) {
    return new Pass(device, true, OptionalLong.empty(), 0, null);
  }

  /**
   * {@return a pass that can go backward and has random numbers, for layers that drop out}
   *
   * @param device where it runs
   * @param seed another one for every step, the step's number say; the same gives the same numbers
   */
  public static Pass training(Device device, long seed) {
    return new Pass(device, true, OptionalLong.of(seed), 0, null);
  }

  /**
   * {@return a pass that keeps less for backward} Recurrent layers and the models of them run a
   * sequence in segments of so many steps, keep the output of each step and the states between
   * segments, and compute the rest again on the way back: a step takes a forward pass more. With
   * segments of one step cells compute their gates again and keep states alone; a network in both
   * directions is computed again layer by layer, whatever the segment.
   *
   * @param device where it runs
   * @param seed as in {@link #training(Device, long)}
   * @param segment steps, 1 or more, {@link #SQRT_OF_STEPS}, or 0 to keep all
   */
  public static Pass recomputing(Device device, long seed, int segment) {
    if (segment < SQRT_OF_STEPS) {
      throw new IllegalArgumentException(
          "pass: expected segments of 1 or more steps, or 0 to keep all, got " + segment);
    }
    return new Pass(device, true, OptionalLong.of(seed), segment, null);
  }

  /** {@return whether this pass can go backward} */
  public boolean training() {
    return training;
  }

  /** {@return the device} */
  public Device device() {
    return device;
  }

  /**
   * {@return what the work makes} Much work that comes again in each pass, such as a sequence step
   * by step: an engine may hand it over at once.
   *
   * @param work of this pass
   * @param <T> what it makes
   */
  public <T> T together(Supplier<T> work) {
    requireUsable();
    var made = new AtomicReference<T>();
    stream.together(() -> made.set(work.get()));
    return made.get();
  }

  /** {@return the stream that the work is enqueued on} */
  public Stream stream() {
    requireUsable();
    return stream;
  }

  /** {@return bytes of activations so far} */
  public long bytes() {
    return arena.bytes() + parts.stream().mapToLong(part -> part.arena().bytes()).sum();
  }

  /**
   * {@return a float32 tensor of this pass with these values; no gradient flows into it}
   *
   * @param shape of it
   * @param values row-major
   */
  public Tensor tensor(Shape shape, float[] values) {
    return empty(DType.FLOAT32, shape).set(values);
  }

  /**
   * {@return a float32 tensor of this pass whose gradient is wanted}
   *
   * @param shape of it
   * @param values row-major
   */
  public Tensor variable(Shape shape, float[] values) {
    return watch(tensor(shape, values));
  }

  /**
   * {@return an int32 tensor of this pass: lengths, tokens, labels}
   *
   * @param values of its one axis
   */
  public Tensor ints(int... values) {
    return empty(DType.INT32, Shape.of(values.length)).set(values);
  }

  /**
   * {@return a tensor of this pass whose values are undefined until written}
   *
   * @param type of its elements
   * @param shape of it
   */
  public Tensor empty(DType type, Shape shape) {
    requireUsable();
    return arena.empty(type, shape);
  }

  /**
   * {@return a tensor of zeros of this pass}
   *
   * @param type of its elements
   * @param shape of it
   */
  public Tensor zeros(DType type, Shape shape) {
    requireUsable();
    return arena.zeros(type, shape);
  }

  /**
   * {@return the tensor, whose gradient will be kept from here on}
   *
   * @param tensor of this pass
   */
  public Tensor watch(Tensor tensor) {
    requireUsable();
    if (training) {
      adjoints.watch(tensor);
    }
    return tensor;
  }

  /** {@return the tensor, watched until {@link #spent}, unless somebody else watches it too} */
  Tensor passing(Tensor tensor) {
    requireUsable();
    if (training) {
      adjoints.watchUntilSpent(tensor);
    }
    return tensor;
  }

  /** Says that nobody will read the gradients of these again: other gradients take their room. */
  void spent(Tensor... tensors) {
    for (var tensor : tensors) {
      adjoints.spent(tensor);
    }
  }

  /**
   * {@return the tensor, watched, whose gradient will be written over its values: for sums that a
   * kernel turns into activations and on the way back into gradients, in one place}
   *
   * @param tensor of this pass that nobody else reads
   */
  Tensor watchInPlace(Tensor tensor) {
    requireUsable();
    if (training) {
      adjoints.lies(tensor.base(), tensor.base());
    }
    return tensor;
  }

  /**
   * {@return what the first call with an equal key made, for the rest of this pass and of the one
   * that it does a part of}
   *
   * @param make makes it in the pass it is given
   */
  Tensor once(Object key, Function<Pass, Tensor> make) {
    requireUsable();
    if (outer != null) {
      return round == null
          ? outer.once(key, make)
          : round.ask(key, outer, home -> home.once(key, make));
    }
    var made = madeOnce.get(key);
    if (made == null) {
      made = make.apply(this);
      madeOnce.put(key, made);
    }
    return made;
  }

  /**
   * {@return whether a gradient flows into a tensor}
   *
   * @param tensor or null
   */
  public boolean wants(Tensor tensor) {
    return tensor != null && adjoints.wanted(tensor);
  }

  /**
   * {@return the gradient of a tensor, zero until something is added; a view's is the same view of
   * its base's}
   *
   * @param tensor watched, or made by a layer
   * @throws IllegalArgumentException if no gradient flows into it
   */
  public Tensor gradient(Tensor tensor) {
    requireUsable();
    if (!wants(tensor)) {
      throw new IllegalArgumentException(
          "gradient: expected a watched tensor of a training pass, got " + tensor);
    }
    return adjoints.of(tensor);
  }

  /** {@return the gradient of a tensor, or null where none flows} */
  Tensor gradientOrNull(Tensor tensor) {
    return wants(tensor) ? gradient(tensor) : null;
  }

  /**
   * {@return the gradient of an output if anything was added to it, or null for zero}
   *
   * @param output of a layer
   */
  public Tensor arrived(Tensor output) {
    return adjoints.arrived(output);
  }

  /**
   * Records how to undo work; does nothing in inference.
   *
   * @param back adds to gradients what this work owes them
   */
  public void record(Runnable back) {
    requireUsable();
    if (training) {
      records.add(back);
    }
  }

  /**
   * {@return a tensor for sums, the same for all calls with an equal key, zero at the first}
   *
   * @param elements how many
   * @param spread gets it when all records were walked, with the outermost pass
   */
  Tensor gathered(Object key, DType type, long elements, BiConsumer<Pass, Tensor> spread) {
    if (outer != null) {
      return round == null
          ? outer.gathered(key, type, elements, spread)
          : round.ask(key, outer, home -> home.gathered(key, type, elements, spread));
    }
    var sum = once(key, home -> home.empty(type, Shape.of(elements)));
    if (afterwards.putIfAbsent(key, home -> spread.accept(home, sum)) == null) {
      fill(sum, 0);
    }
    return sum;
  }

  /** {@return whether work of this pass may be done as another pass did it} */
  boolean mayRepeat() {
    return training && outer == null && segment == 0 && !keepsSegments && stream.records();
  }

  /** Ends with this pass. */
  void part(Repeated.Round round) {
    parts.add(round);
  }

  /**
   * Goes back from a loss: adds to the gradient of every watched tensor and every parameter. What
   * was recorded is spent: several losses go back at once, from their sum.
   *
   * @param loss one number, made by this pass
   */
  public void backward(Tensor loss) {
    if (loss.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "backward: expected a loss of one element, got " + loss.shape());
    }
    fill(gradient(loss), 1);
    backward();
  }

  /**
   * Goes back from a loss as if it were so many times as large, by a number on the device.
   *
   * @param loss one number, made by this pass
   * @param scale [1], of the loss's type
   */
  public void backward(Tensor loss, Tensor scale) {
    if (loss.shape().elements() != 1
        || scale.shape().elements() != 1
        || scale.type() != loss.type()) {
      throw new IllegalArgumentException(
          "backward: expected a loss and a scale of one element and one type, got "
              + loss
              + " and "
              + scale);
    }
    copy(scale, gradient(loss));
    backward();
  }

  /** Goes back from whatever was put into the gradients of outputs. */
  public void backward() {
    requireUsable();
    if (!training) {
      throw new IllegalStateException("backward: expected a training pass, got an inference pass");
    }
    if (wentBack && records.isEmpty()) {
      throw new IllegalStateException(
          "backward: expected work since the last backward of this pass, got none; several losses"
              + " go back at once, from their sum");
    }
    wentBack = true;
    try {
      stream.together(
          () -> {
            for (int i = records.size() - 1; i >= 0; i--) {
              records.get(i).run();
            }
            afterwards.values().forEach(work -> work.accept(this));
          });
    } finally {
      records.clear();
      afterwards.clear();
      device.streams().publish(stream);
    }
  }

  /** {@return how many of T steps are done at once} */
  int segment(int steps) {
    int each = segment == SQRT_OF_STEPS ? (int) Math.ceil(Math.sqrt(steps)) : segment;
    return each == 0 ? steps : Math.min(steps, each);
  }

  /** {@return this, running segments without computing them again: what tests compare with} */
  Pass keepingSegments() {
    keepsSegments = true;
    return this;
  }

  /** {@return whether layers compute again rather than keep} */
  boolean recomputes() {
    return segment != 0;
  }

  boolean keepsSegments() {
    return keepsSegments;
  }

  Adjoints adjoints() {
    return adjoints;
  }

  /** How often random numbers were used. */
  long calls() {
    return calls;
  }

  void calls(long count) {
    calls = count;
  }

  /** A pass for a part of this one, whose random numbers begin with this call's. */
  Pass again(long firstCall) {
    var inner = new Pass(device, true, seed, 0, this);
    inner.calls = firstCall;
    return inner;
  }

  void fill(Tensor tensor, double value) {
    device.backend().kernel("fill").run(stream, new double[] {value}, tensor);
  }

  void copy(Tensor from, Tensor to) {
    device.backend().kernel("copy").run(stream, new double[0], from, to);
  }

  /** The key of this pass's random numbers. */
  long seed(String layer) {
    if (round != null) {
      round.once();
    }
    return seed.orElseThrow(
        () ->
            new IllegalStateException(
                layer
                    + ": expected a training pass with a seed, Pass.training(device, seed), got one"
                    + " without"));
  }

  /** The number of this use of random numbers, from 0. */
  long nextCall() {
    requireUsable();
    return round == null ? calls++ : outer.nextCall();
  }

  private void requireUsable() {
    if (round != null) {
      outer.requireUsable();
      return;
    }
    if (closed) {
      throw new IllegalStateException("pass: expected open, but it is closed");
    }
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "pass: expected the thread that opened it, "
              + owner.getName()
              + ", got "
              + Thread.currentThread().getName());
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    requireUsable();
    closed = true;
    try {
      // What is kept back in together() still names tensors of this pass.
      stream.submit();
      arena.close();
      parts.forEach(Repeated.Round::end);
    } finally {
      device.giveBack(stream);
    }
  }
}
