package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.TestDevice;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * float32, vectors and oneDNN, against float64, plain Java, at random configurations whose widths
 * meet every tail of a vector; and the fused ConvLSTM against the composed one.
 */
@EachDevice
class PrecisionTest {
  private static final double OUTPUT = 1e-5;
  private static final double GRADIENT = 1e-4;
  private static final boolean FAST = TestDevice.engine().equals("cpu");
  private static final int TRIALS = FAST ? 60 : 2;
  private static final int FUSED = FAST ? 40 : 4;
  private static final long SEED = Long.getLong("sluice.seed", 20260102);

  private static Device device;

  @BeforeAll
  static void open() {
    device = TestDevice.open(2);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @TestFactory
  Stream<DynamicTest> float32IsNearFloat64() {
    return Nets.ROWS.entrySet().stream()
        .flatMap(
            row ->
                IntStream.range(0, TRIALS)
                    .mapToObj(
                        trial ->
                            DynamicTest.dynamicTest(
                                row.getKey() + " " + trial,
                                () -> compare(row.getKey(), row.getValue(), trial))));
  }

  private static void compare(String name, Net.Row row, int trial) {
    Net.poison(device);
    try (var arena = device.arena()) {
      var narrow = row.draw(new Dice(SEED, name, trial, true), DType.FLOAT32, arena);
      var wide = row.draw(new Dice(SEED, name, trial, true), DType.FLOAT64, arena);
      assertEquals(wide.inputs().size(), narrow.inputs().size());
      var expected = wide.outputs(device);
      var upstream = new ArrayList<double[]>();
      var random = new Random(SEED + trial);
      expected.forEach(
          y -> upstream.add(random.doubles(y.length, -1, 1).map(v -> (float) v).toArray()));
      var where = "seed " + SEED + ": " + narrow.config() + ": ";
      near(where + "inference: ", expected, narrow.outputs(device), OUTPUT);
      var got = narrow.train(device, upstream);
      near(where + "training: ", expected, got.outputs(), OUTPUT);
      near(
          where + "gradient: ",
          wide.train(device, upstream).gradients(),
          got.gradients(),
          GRADIENT);
    }
  }

  private static void near(
      String where, List<double[]> expected, List<double[]> got, double limit) {
    for (int i = 0; i < expected.size(); i++) {
      for (int e = 0; expected.get(i) != null && e < expected.get(i).length; e++) {
        double reference = expected.get(i)[e];
        double value = got.get(i)[e];
        if (!(Math.abs(value - reference) / (1 + Math.abs(reference)) <= limit)) {
          fail("%stensor %d[%d]: expected %.9g, got %.9g".formatted(where, i, e, reference, value));
        }
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> theFusedConvLstmIsTheComposedOne() {
    return IntStream.range(0, FUSED)
        .mapToObj(trial -> DynamicTest.dynamicTest("trial " + trial, () -> fused(trial)));
  }

  private static void fused(int trial) {
    var dice = new Dice(SEED, "fused", trial, true);
    var spec =
        new CellSpec(
            CellSpec.Kind.CONV_LSTM,
            DType.FLOAT32,
            dice.size(1, 3),
            dice.size(1, 3),
            dice.size(1, 9),
            dice.size(1, 9),
            dice.coin() ? dice.channels() : 0,
            dice.channels(),
            dice.one(1, 3, 5),
            dice.one(1, 3, 5),
            dice.coin(),
            true);
    Net.poison(device);
    try (var arena = device.arena()) {
      var fused = device.backend().cell(spec);
      assumeTrue(fused.isPresent(), "oneDNN has no convolutions for " + spec);
      var composed = run(new ComposedConvLstm(device.backend(), spec), spec, arena, trial);
      var got = run(fused.get(), spec, arena, trial);
      near("seed " + SEED + ": " + spec + ": ", composed, got, OUTPUT);
    }
  }

  /** Outputs and gradients of a plan, in order. */
  private static List<double[]> run(CellPlan plan, CellSpec spec, DeviceArena arena, int trial) {
    var random = new Random(trial);
    var frame = Shape.of(spec.batch(), spec.height(), spec.width(), spec.hidden());
    var in = Shape.of(spec.steps(), spec.batch(), spec.height(), spec.width(), spec.inputs());
    boolean input = spec.inputs() > 0;
    var weights = new ArrayList<Tensor>();
    for (var shape : weights(spec)) {
      weights.add(drawn(arena, random, shape, 0.2));
    }
    var states = List.of(drawn(arena, random, frame, 1), drawn(arena, random, frame, 1));
    var values =
        new Sequence(
            input ? drawn(arena, random, in, 1) : null,
            null,
            states,
            zeros(arena, frame.outer(spec.steps())),
            List.of(zeros(arena, frame), zeros(arena, frame)));
    var gradients =
        new Sequence(
            input ? zeros(arena, in) : null,
            null,
            List.of(zeros(arena, frame), zeros(arena, frame)),
            drawn(arena, random, frame.outer(spec.steps()), 1),
            List.of(drawn(arena, random, frame, 1), drawn(arena, random, frame, 1)));
    var dw = weights.stream().map(w -> zeros(arena, w.shape())).toList();
    var packed = arena.empty(DType.FLOAT32, Shape.of((plan.packedBytes() + 3) / 4));
    var reserve = arena.empty(DType.FLOAT32, Shape.of((plan.reserveBytes() + 3) / 4));
    var stream = device.takeStream();
    plan.pack(stream, weights, packed);
    plan.forward(stream, packed, values, reserve);
    plan.backward(stream, packed, values, gradients, dw, reserve);
    stream.synchronize();
    device.giveBack(stream);
    var all = new ArrayList<Tensor>(dw);
    all.add(values.y());
    all.addAll(values.last());
    all.addAll(gradients.initial());
    if (input) {
      all.add(gradients.x());
    }
    return all.stream().map(Tensor::doubles).toList();
  }

  private static List<Shape> weights(CellSpec spec) {
    var shapes = new ArrayList<Shape>();
    int rows = 4 * spec.hidden();
    for (int channels : new int[] {spec.inputs(), spec.hidden()}) {
      if (channels > 0) {
        shapes.add(Shape.of(rows, channels, spec.kernelHeight(), spec.kernelWidth()));
      }
    }
    shapes.add(Shape.of(rows));
    for (int map = 0; spec.peephole() && map < 3; map++) {
      shapes.add(Shape.of(spec.hidden(), spec.height(), spec.width()));
    }
    return shapes;
  }

  private static Tensor zeros(DeviceArena arena, Shape shape) {
    return arena.zeros(DType.FLOAT32, shape);
  }

  private static Tensor drawn(DeviceArena arena, Random random, Shape shape, double bound) {
    return zeros(arena, shape).set(random.doubles(shape.elements(), -bound, bound).toArray());
  }
}
