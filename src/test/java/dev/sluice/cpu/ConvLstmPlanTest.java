package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Pass;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.Sequence;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The fused ConvLSTM in each algorithm against the composed one in float64, and what it keeps. */
class ConvLstmPlanTest {
  private static final int HIDDEN = 16;
  private static Device device;
  private static OneDnnEngine engine;

  @BeforeAll
  static void open() {
    device = Device.open("cpu");
    engine = OneDnnEngine.open(MathMode.EXACT);
  }

  @AfterAll
  static void close() {
    engine.close();
    device.close();
  }

  private static CellSpec spec(int steps, int inputs, boolean peephole) {
    return new CellSpec(
        CellSpec.Kind.CONV_LSTM,
        DType.FLOAT32,
        steps,
        2,
        6,
        5,
        inputs,
        HIDDEN,
        3,
        3,
        peephole,
        true);
  }

  private static long frame() {
    return 4L * 2 * 6 * 5 * HIDDEN;
  }

  private static List<CellAlgorithm> algorithms() {
    boolean wide = OneDnn.isa().startsWith("avx512");
    return Arrays.stream(CellAlgorithm.values())
        .filter(how -> how != (wide ? CellAlgorithm.BLOCKS_OF_8 : CellAlgorithm.BLOCKS_OF_16))
        .toList();
  }

  static Stream<Arguments> cases() {
    return algorithms().stream()
        .flatMap(
            how ->
                Stream.of(
                    Arguments.of(how, 1, 16, true),
                    Arguments.of(how, 2, 0, false),
                    Arguments.of(how, 7, 16, false),
                    Arguments.of(how, 9, 0, true),
                    Arguments.of(how, 11, 16, true)));
  }

  /** With states and without, since a step that has none before it goes another way. */
  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithFloat64(CellAlgorithm how, int steps, int inputs, boolean peephole) {
    var spec = spec(steps, inputs, peephole);
    for (boolean states : new boolean[] {true, false}) {
      if (!states && inputs == 0) {
        continue;
      }
      try (var arena = device.arena();
          var plan = new ConvLstmPlan(engine, spec, how)) {
        var expected = composed(spec, states, arena);
        var got = fused(plan, spec, states, arena);
        for (int i = 0; i < expected.size(); i++) {
          near(expected.get(i), got.get(i), how + ", states " + states + ", tensor " + i);
        }
      }
    }
  }

  private static void near(double[] expected, double[] got, String what) {
    assertEquals(expected.length, got.length, what);
    for (int e = 0; e < expected.length; e++) {
      assertEquals(expected[e], got[e], 1e-5 * (1 + Math.abs(expected[e])), what + "[" + e + "]");
    }
  }

  /** i, f and g in 8 bytes an element, and c where a segment of sqrt(T) steps begins. */
  @ParameterizedTest
  @MethodSource("cases")
  void keepsTwoFramesAStep(CellAlgorithm how, int steps, int inputs, boolean peephole) {
    try (var plan = new ConvLstmPlan(engine, spec(steps, inputs, peephole), how)) {
      int segments = (int) Math.ceil(steps / Math.ceil(Math.sqrt(steps)));
      assertEquals((2L * steps + segments - 1) * frame(), plan.reserveBytes());
    }
  }

  /** So that segments of several lengths pack once. */
  @ParameterizedTest
  @MethodSource("cases")
  void packsAlikeForAnyNumberOfSteps(CellAlgorithm how, int steps, int inputs, boolean peephole) {
    var spec = spec(steps, inputs, peephole);
    try (var plan = new ConvLstmPlan(engine, spec, how);
        var other = new ConvLstmPlan(engine, spec.steps(3), how)) {
      assertEquals(plan.layout(), other.layout());
      assertEquals(plan.packedBytes(), other.packedBytes());
    }
  }

  private static List<Shape> weights(CellSpec s) {
    var shapes = new ArrayList<Shape>();
    for (int channels : new int[] {s.inputs(), HIDDEN}) {
      if (channels > 0) {
        shapes.add(Shape.of(4 * HIDDEN, channels, 3, 3));
      }
    }
    shapes.add(Shape.of(4 * HIDDEN));
    for (int i = 0; s.peephole() && i < 3; i++) {
      shapes.add(Shape.of(HIDDEN, 6, 5));
    }
    return shapes;
  }

  private static Tensor drawn(DeviceArena arena, DType type, long seed, Shape shape, float bound) {
    var values = Samples.floats(seed, shape.elements());
    for (int i = 0; i < values.length; i++) {
      values[i] *= bound;
    }
    return arena.empty(type, shape).set(values);
  }

  private static Shape frame(CellSpec s, int channels) {
    return Shape.of(s.batch(), s.height(), s.width(), channels);
  }

  /** y, the last c, gradients of the weights, of h0 and c0, of x. */
  private static List<double[]> fused(
      ConvLstmPlan plan, CellSpec s, boolean states, DeviceArena arena) {
    var type = DType.FLOAT32;
    var frame = frame(s, HIDDEN);
    var w = new ArrayList<Tensor>();
    for (var shape : weights(s)) {
      w.add(drawn(arena, type, w.size(), shape, 0.2f));
    }
    var in = frame(s, s.inputs()).outer(s.steps());
    var h0 = states ? drawn(arena, type, 20, frame, 1) : null;
    var c0 = states ? drawn(arena, type, 21, frame, 1) : null;
    var values =
        new Sequence(
            s.inputs() > 0 ? drawn(arena, type, 22, in, 1) : null,
            null,
            Arrays.asList(h0, c0),
            arena.zeros(type, frame.outer(s.steps())),
            List.of(arena.zeros(type, frame), arena.zeros(type, frame)));
    var dh0 = states ? arena.zeros(type, frame) : null;
    var dc0 = states ? arena.zeros(type, frame) : null;
    var gradients =
        new Sequence(
            s.inputs() > 0 ? arena.zeros(type, in) : null,
            null,
            Arrays.asList(dh0, dc0),
            drawn(arena, type, 23, frame.outer(s.steps()), 1),
            List.of(drawn(arena, type, 24, frame, 1), drawn(arena, type, 25, frame, 1)));
    var dw = w.stream().map(each -> arena.zeros(type, each.shape())).toList();
    var packed = arena.zeros(type, Shape.of(plan.packedBytes() / 4));
    var reserve = arena.empty(type, Shape.of(plan.reserveBytes() / 4));
    try (var stream = new CpuStream(engine, 2)) {
      plan.pack(stream, w, packed);
      plan.forward(stream, packed, values, reserve);
      plan.backward(stream, packed, values, gradients, dw, reserve);
    }
    return Stream.of(
            List.of(values.y(), values.last().get(1)),
            dw,
            states ? List.of(dh0, dc0) : List.<Tensor>of(),
            s.inputs() > 0 ? List.of(gradients.x()) : List.<Tensor>of())
        .flatMap(List::stream)
        .map(Tensor::doubles)
        .toList();
  }

  private static List<double[]> composed(CellSpec s, boolean states, DeviceArena arena) {
    var type = DType.FLOAT64;
    var map = s.peephole() ? new ConvLstm.Config.Frame(6, 5) : null;
    var config = new ConvLstm.Config(s.inputs(), HIDDEN, 3, 3, map);
    var cell = new ConvLstm(config, type, "", Weights.random(1), arena);
    for (int i = 0; i < cell.parameters().size(); i++) {
      var value = cell.parameters().get(i).value();
      value.set(drawn(arena, type, i, value.shape(), 0.2f).doubles());
    }
    var frame = frame(s, HIDDEN);
    try (var pass = Pass.training(device)) {
      var x = drawn(arena, type, 22, frame(s, s.inputs()).outer(s.steps()), 1);
      var h0 = pass.watch(drawn(arena, type, 20, frame, 1));
      var c0 = pass.watch(drawn(arena, type, 21, frame, 1));
      var before = states ? new ConvLstm.State(h0, c0) : null;
      var output =
          s.inputs() > 0
              ? cell.forward(pass, pass.watch(x), before)
              : cell.forward(pass, s.steps(), before);
      set(pass.gradient(output.y()), drawn(arena, type, 23, frame.outer(s.steps()), 1));
      var last = pass.gradient(output.last().h());
      var both = last.doubles();
      var own = drawn(arena, type, 24, frame, 1).doubles();
      last.set(IntStream.range(0, own.length).mapToDouble(e -> both[e] + own[e]).toArray());
      set(pass.gradient(output.last().c()), drawn(arena, type, 25, frame, 1));
      pass.backward();
      var all = new ArrayList<>(List.of(output.y().doubles(), output.last().c().doubles()));
      cell.parameters().forEach(p -> all.add(p.gradient().doubles()));
      if (states) {
        all.add(pass.gradient(h0).doubles());
        all.add(pass.gradient(c0).doubles());
      }
      if (s.inputs() > 0) {
        all.add(pass.gradient(x).doubles());
      }
      return all;
    }
  }

  private static void set(Tensor to, Tensor from) {
    to.set(from.doubles());
  }
}
