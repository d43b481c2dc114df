package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
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
  private final Device device;
  private final boolean training;
  private final Stream stream;
  private final DeviceArena arena;
  private final Thread owner = Thread.currentThread();
  private final List<Runnable> records = new ArrayList<>();
  private final Map<Tensor, Tensor> gradients = new IdentityHashMap<>();
  private final Map<Object, Tensor> madeOnce = new HashMap<>();
  private final OptionalLong seed;
  private final int segment;
  private long calls;
  private boolean wentBack;
  private boolean closed;

  private Pass(Device device, boolean training, OptionalLong seed, int segment) {
    this.device = device;
    this.training = training;
    this.seed = seed;
    this.segment = segment;
    this.stream = device.takeStream();
    this.arena = device.arena(training ? "a training pass" : "an inference pass", stream);
  }

  /**
   * {@return a pass that keeps nothing for backward}
   *
   * @param device where it runs
   */
  public static Pass inference(Device device) {
    return new Pass(device, false, OptionalLong.empty(), 0);
  }

  /**
   * {@return a pass that can go backward}
   *
   * @param device where it runs
   */
  public static Pass training(Device device) {
    return new Pass(device, true, OptionalLong.empty(), 0);
  }

  /**
   * {@return a pass that can go backward and has random numbers, for layers that drop out}
   *
   * @param device where it runs
   * @param seed another one for every step, the step's number say; the same gives the same numbers
   */
  public static Pass training(Device device, long seed) {
    return new Pass(device, true, OptionalLong.of(seed), 0);
  }

  /**
   * {@return a pass that keeps less for backward: {@link ConvLstm} and {@link ConvGru} run a
   * sequence in segments of so many steps, keep the output of each step and the states between
   * segments, and compute the rest again on the way back} For T steps the least is kept with about
   * sqrt(T). A step then takes a forward pass more.
   *
   * @param device where it runs
   * @param seed as in {@link #training(Device, long)}
   * @param segment steps, 1 or more, or 0 to keep all
   */
  public static Pass recomputing(Device device, long seed, int segment) {
    if (segment < 0) {
      throw new IllegalArgumentException(
          "pass: expected segments of 1 or more steps, or 0 to keep all, got " + segment);
    }
    return new Pass(device, true, OptionalLong.of(seed), segment);
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
    return arena.bytes();
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
      gradients.putIfAbsent(tensor.base(), null);
    }
    return tensor;
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
      gradients.put(tensor.base(), tensor.base());
    }
    return tensor;
  }

  /** {@return what the first call with an equal key made, for the rest of this pass} */
  Tensor once(Object key, Supplier<Tensor> make) {
    requireUsable();
    var made = madeOnce.get(key);
    if (made == null) {
      made = make.get();
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
    return tensor != null && gradients.containsKey(tensor.base());
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
    var base = tensor.base();
    var gradient = gradients.get(base);
    if (gradient == null) {
      gradient = arena.zeros(base.type(), base.shape());
      gradients.put(base, gradient);
    }
    return tensor.viewOf(gradient);
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
    return gradients.get(output.base()) == null ? null : gradient(output);
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
    device.backend().kernel("fill").run(stream(), new double[] {1}, gradient(loss));
    backward();
  }

  /**
   * Goes back from a loss as if it were so many times as large, by a number on the device.
   *
   * @param loss one number, made by this pass
   * @param scale [1], of the loss's type
   */
  public void backward(Tensor loss, Tensor scale) {
    if (loss.shape().elements() != 1 || scale.type() != loss.type()) {
      throw new IllegalArgumentException(
          "backward: expected a loss of one element and a scale of its type, got "
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
          });
    } finally {
      records.clear();
      device.publish(stream);
    }
  }

  /** Steps that are computed again at once, or 0 where all is kept. */
  int segment() {
    return segment;
  }

  /** Work that makes tensors of tensors, the same ones whenever it is done. */
  @FunctionalInterface
  interface Work {
    List<Tensor> of(Pass pass, List<Tensor> inputs);
  }

  /**
   * Does work in a pass of its own, keeps only its outputs, and does it again on the way back, from
   * the same inputs with the same random numbers: the same bits.
   *
   * @param inputs what the work reads; none of them may be null
   * @param outputs where what it makes is copied to, watched
   */
  void recomputed(List<Tensor> inputs, List<Tensor> outputs, Work work) {
    requireUsable();
    long firstCall = calls;
    try (var inner = again(firstCall)) {
      var made = work.of(inner, inputs);
      for (int i = 0; i < outputs.size(); i++) {
        copy(made.get(i), outputs.get(i));
      }
      calls = inner.calls;
    }
    record(
        () -> {
          if (outputs.stream().allMatch(output -> arrived(output) == null)) {
            return;
          }
          try (var inner = again(firstCall)) {
            var lent = inputs.stream().map(input -> lend(input, inner)).toList();
            var made = work.of(inner, lent);
            for (int i = 0; i < outputs.size(); i++) {
              var gradient = arrived(outputs.get(i));
              if (gradient != null) {
                copy(gradient, inner.gradient(made.get(i)));
              }
            }
            inner.backward();
          }
        });
  }

  private Pass again(long firstCall) {
    var inner = new Pass(device, true, seed, 0);
    inner.calls = firstCall;
    return inner;
  }

  /** A copy of a tensor for another pass, whose gradient goes straight to the tensor's own. */
  private Tensor lend(Tensor tensor, Pass inner) {
    if (!wants(tensor)) {
      return tensor;
    }
    var copy = inner.empty(tensor.type(), tensor.shape());
    copy(tensor, copy);
    inner.gradients.put(copy, gradient(tensor));
    return copy;
  }

  private void copy(Tensor from, Tensor to) {
    device.backend().kernel("copy").run(stream, new double[0], from, to);
  }

  /** The key of this pass's random numbers. */
  long seed(String layer) {
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
    return calls++;
  }

  private void requireUsable() {
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
      arena.close();
    } finally {
      device.giveBack(stream);
    }
  }
}
