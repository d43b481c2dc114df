package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;

/**
 * x to y, again and again: a model made ready for input of one shape, and the states that it
 * carries from one input to the next. Everything is prepared once; on the CPU engine a step then
 * makes no Java object, once the JVM has compiled its loops (in one that runs very many models and
 * shapes, C2 may leave some vectors objects). It gives the same bits as the layer called with those
 * states, and notices when the model's parameters {@linkplain Parameter#changed() change}.
 *
 * <p>One session serves one stream of input, for one thread at a time, whichever that is; many
 * sessions share one model.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena()) {
 *   var lstm = Rnn.lstm(40, 128).build(Weights.random(1), arena);
 *   try (var session = Session.of(lstm, 1, 1)) {
 *     var sound = new float[40];
 *     var out = new float[128];
 *     for (int i = 0; i < 100; i++) {
 *       session.step(sound, out);
 *     }
 *   }
 * }
 * }</pre>
 */
public final class Session implements AutoCloseable {
  /** A model that carries states. */
  @FunctionalInterface
  public interface Model {
    /**
     * Runs it once.
     *
     * @param pass holds what is computed
     * @param x its input
     * @param before the states
     * @return y, and the states after
     */
    Step step(Pass pass, Tensor x, List<Tensor> before);
  }

  /**
   * What a step gives.
   *
   * @param y the output
   * @param after the states, each of its shape before
   */
  public record Step(Tensor y, List<Tensor> after) {}

  private final Model model;
  private final List<Parameter> parameters;
  private final Device device;
  private final Stream stream;
  private final DeviceArena kept;
  private final Arena host;
  private final Tensor x;
  private final List<Tensor> states = new ArrayList<>();
  private final MemorySegment given;
  private final MemorySegment got;
  private DeviceArena passing;
  private Stream.Recording recording;
  private Tensor y;
  private long version;
  private boolean closed;

  private Session(Layer layer, DType type, Shape x, DType stateType, List<Shape> s, Model model) {
    this.model = model;
    this.parameters = List.copyOf(layer.parameters());
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException(
          "session: expected a layer with parameters, whose device it takes, got none");
    }
    this.device = parameters.getFirst().value().arena().device();
    this.stream = device.streams().lend();
    this.kept = device.arena("a session", stream);
    this.host = Arena.ofShared();
    try {
      this.x = kept.zeros(type, x);
      s.forEach(shape -> states.add(kept.zeros(stateType, shape)));
      this.given = host.allocate(this.x.bytes(), 64);
      step();
      this.got = host.allocate(y.bytes(), 64);
      reset();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * {@return a session of any model without states between inputs}
   *
   * @param layer whose parameters the model reads
   * @param type of x
   * @param x its shape
   * @param model from x to y
   */
  public static Session of(
      Layer layer, DType type, Shape x, BiFunction<Pass, Tensor, Tensor> model) {
    return new Session(
        layer,
        type,
        x,
        type,
        List.of(),
        (pass, in, _) -> new Step(model.apply(pass, in), List.of()));
  }

  /**
   * {@return a session of any model}
   *
   * @param layer whose parameters the model reads
   * @param type of x and of the states
   * @param x its shape
   * @param states their shapes
   * @param model from x and the states to y and the states after
   */
  public static Session of(Layer layer, DType type, Shape x, List<Shape> states, Model model) {
    return new Session(layer, type, x, type, states, model);
  }

  /**
   * {@return a session of a network in one direction: x [T, N, C] to y [T, N, H]}
   *
   * @param rnn the network
   * @param steps T, how many come at once
   * @param batch N
   */
  public static Session of(Rnn rnn, int steps, int batch) {
    var spec = rnn.spec();
    if (spec.bidirectional()) {
      throw new IllegalArgumentException(
          "session: expected a network in one direction, since the other one begins at the end of"
              + " what is still to come, got both");
    }
    var shapes = new ArrayList<Shape>();
    shapes.add(Shape.of(spec.layers(), batch, spec.output()));
    boolean cell = spec.kind().states() > 1;
    if (cell) {
      shapes.add(Shape.of(spec.layers(), batch, spec.hidden()));
    }
    return of(
        rnn,
        spec.type(),
        Shape.of(steps, batch, spec.input()),
        shapes,
        (pass, x, before) -> {
          var from = new Rnn.State(before.get(0), cell ? before.get(1) : null);
          var out = rnn.forward(pass, x, null, from);
          return new Step(out.y(), cell ? List.of(out.h(), out.c()) : List.of(out.h()));
        });
  }

  /**
   * {@return a session of a ConvLSTM: x [T, N, H, W, C] to y [T, N, H, W, K]}
   *
   * @param cell with input
   * @param steps T, how many come at once
   * @param batch N
   * @param height H
   * @param width W
   */
  public static Session of(ConvLstm cell, int steps, int batch, int height, int width) {
    var config = cell.config();
    var state = Shape.of(batch, height, width, config.hidden());
    return of(
        cell,
        type(cell),
        Shape.of(steps, batch, height, width, config.inputs()),
        List.of(state, state),
        (pass, x, before) -> {
          var from = new ConvLstm.State(before.get(0), before.get(1));
          var out = cell.forward(pass, x, from);
          return new Step(out.y(), List.of(out.last().h(), out.last().c()));
        });
  }

  /**
   * {@return a session of a ConvGRU: x [T, N, H, W, C] to y [T, N, H, W, K]}
   *
   * @param cell with input
   * @param steps T, how many come at once
   * @param batch N
   * @param height H
   * @param width W
   */
  public static Session of(ConvGru cell, int steps, int batch, int height, int width) {
    var config = cell.config();
    return of(
        cell,
        type(cell),
        Shape.of(steps, batch, height, width, config.inputs()),
        List.of(Shape.of(batch, height, width, config.hidden())),
        (pass, x, before) -> {
          var out = cell.forward(pass, x, before.getFirst());
          return new Step(out.y(), List.of(out.h()));
        });
  }

  /**
   * {@return a session of a cell with a memory: x [T, N, H, W, C] to y [T, N, H, W, K]}
   *
   * @param cell an ST-LSTM, say
   * @param steps T, how many come at once
   * @param batch N
   * @param height H
   * @param width W
   */
  public static Session of(MemoryCell cell, int steps, int batch, int height, int width) {
    var config = cell.config();
    var state = Shape.of(batch, height, width, config.hidden());
    return of(
        cell,
        type(cell),
        Shape.of(steps, batch, height, width, config.inputs()),
        List.of(state, state, state),
        (pass, x, before) -> {
          var from = new MemoryCell.State(before.get(0), before.get(1), before.get(2));
          var last = cell.forward(pass, x, from);
          return new Step(last.y(), List.of(last.last().h(), last.last().c(), last.last().m()));
        });
  }

  private static DType type(Layer layer) {
    return layer.parameters().getFirst().value().type();
  }

  Model model() {
    return model;
  }

  /** {@return the input of the next step, to be written} */
  public Tensor x() {
    return x;
  }

  /** {@return the output of the last step; gone with the next one} */
  public Tensor y() {
    return y;
  }

  /** {@return what is carried from one step to the next, to be copied out and in between steps} */
  public List<Tensor> states() {
    return Collections.unmodifiableList(states);
  }

  /**
   * Takes a step.
   *
   * @param from the elements of x, row-major
   * @param to gets the elements of y, row-major
   */
  public void step(float[] from, float[] to) {
    require("x", DType.FLOAT32, x, from.length);
    hold();
    try {
      MemorySegment.copy(from, 0, given, ValueLayout.JAVA_FLOAT, 0, from.length);
      stepInto(to);
    } finally {
      stream.release();
    }
  }

  /**
   * Takes a step of a model that reads tokens.
   *
   * @param from the elements of x, row-major
   * @param to gets the elements of y, row-major
   */
  public void step(int[] from, float[] to) {
    require("x", DType.INT32, x, from.length);
    hold();
    try {
      MemorySegment.copy(from, 0, given, ValueLayout.JAVA_INT, 0, from.length);
      stepInto(to);
    } finally {
      stream.release();
    }
  }

  private void stepInto(float[] to) {
    require("y", DType.FLOAT32, y, to.length);
    device.backend().upload(stream, given, x);
    run();
    device.backend().download(stream, y, got);
    MemorySegment.copy(got, ValueLayout.JAVA_FLOAT, 0, to, 0, to.length);
  }

  private static void require(String what, DType type, Tensor tensor, int count) {
    if (tensor.type() != type || tensor.shape().elements() != count) {
      throw new IllegalArgumentException(
          "session: %s: expected %s elements of %s, got %d of %s"
              .formatted(what, tensor.shape().elements(), tensor, count, type));
    }
  }

  /** Takes a step from what stands in {@link #x} to {@link #y}; waits for nothing. */
  public void step() {
    hold();
    try {
      run();
    } finally {
      stream.release();
    }
  }

  /** Takes the stream, if it is this session's still. */
  private void hold() {
    requireOpen();
    stream.lease();
    // Another thread may have closed it just now.
    if (closed) {
      stream.release();
      requireOpen();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("session: expected open, but it is closed");
    }
  }

  private void run() {
    long now = 0;
    for (int i = 0; i < parameters.size(); i++) {
      now += parameters.get(i).version();
    }
    if (recording != null && now == version && recording.holds()) {
      recording.again();
    } else {
      record();
      version = now;
    }
  }

  /** A step through the model's layers, in memory that stays until the next such step. */
  private void record() {
    forget();
    device.streams().afterPublished(stream);
    passing = device.arena("a session's step", stream);
    var pass = new Pass(stream, passing);
    recording = stream.recorded(() -> pass(pass));
  }

  private void pass(Pass pass) {
    var step = model.step(pass, x, states);
    y = step.y;
    for (int i = 0; i < states.size(); i++) {
      device.backend().kernel("copy").run(stream, new double[0], step.after.get(i), states.get(i));
    }
  }

  private void forget() {
    recording = null;
    if (passing != null) {
      passing.close();
      passing = null;
    }
  }

  /** Begins another sequence: all states are zero. */
  public void reset() {
    states.forEach(state -> state.set(new double[Math.toIntExact(state.shape().elements())]));
  }

  /**
   * Ends the session; the model stays.
   *
   * @throws IllegalStateException if another thread takes a step
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    hold();
    try {
      closed = true;
      forget();
      kept.close();
      host.close();
    } finally {
      stream.release();
    }
    device.streams().takeBack(stream);
  }
}
