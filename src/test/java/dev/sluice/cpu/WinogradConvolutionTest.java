package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Winograd's convolution against the definition in float64. */
class WinogradConvolutionTest {
  private static final int[] TILES = {4, 2};
  private static final List<String> NAMES = List.of("y", "dx", "dw", "db");

  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /**
   * Frames that tiles fit and do not, channels that vectors fit and do not, one chunk and more,
   * more tiles than are gathered.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1, 1",
    "2, 1, 9, 5, 2",
    "2, 3, 5, 1, 3",
    "3, 4, 4, 16, 8",
    "2, 13, 9, 17, 5",
    "1, 16, 16, 33, 16",
    "2, 18, 18, 8, 9",
    "1, 18, 3, 70, 1",
    "5, 21, 33, 4, 2",
    "1, 3, 530, 2, 1",
    "3, 100, 102, 2, 1"
  })
  void agreesWithTheDefinition(int n, int h, int w, int channels, int hidden) {
    for (int kernel : new int[] {3, 5}) {
      for (boolean bias : new boolean[] {false, true}) {
        for (boolean add : new boolean[] {false, true}) {
          compare(cell(n, h, w, channels, hidden, kernel), bias, add);
        }
      }
    }
  }

  /** One step of the cell whose first convolution is asked for. */
  private static CellSpec cell(int n, int h, int w, int channels, int hidden, int kernel) {
    return new CellSpec(
        CellSpec.Kind.CONV_LSTM,
        DType.FLOAT32,
        1,
        n,
        h,
        w,
        channels,
        hidden,
        kernel,
        kernel,
        false,
        true);
  }

  private static ConvSpec definition(CellSpec s) {
    return new ConvSpec(
        DType.FLOAT64,
        s.batch(),
        s.height(),
        s.width(),
        s.inputs(),
        4 * s.hidden(),
        s.kernelHeight(),
        s.kernelWidth(),
        true);
  }

  private static void compare(CellSpec cell, boolean bias, boolean add) {
    var wide = definition(definition(cell), bias, add);
    for (int tile : TILES) {
      var what = "tiles of %d, %s".formatted(tile, cell);
      assertNear(wide, trip(cell, tile, bias, add, 2), what);
    }
  }

  private static void assertNear(double[][] wide, double[][] narrow, String what) {
    for (int part = 0; part < wide.length; part++) {
      double largest = Arrays.stream(wide[part]).map(Math::abs).reduce(1, Math::max);
      for (int i = 0; i < wide[part].length; i++) {
        var where = "%s, %s[%d]".formatted(what, NAMES.get(part), i);
        assertEquals(wide[part][i], narrow[part][i], 1e-5 * largest, where);
      }
    }
  }

  /** y, dx, dw and db; the last two are added to what was there. */
  private static double[][] trip(CellSpec cell, int tile, boolean bias, boolean add, int threads) {
    var s = definition(cell);
    var convolution = new WinogradConvolution(s, tile, cell.inputs());
    try (var arena = device.arena();
        var stream = new CpuStream(OneDnnEngine.open(MathMode.EXACT), threads)) {
      var w = weights(arena, DType.FLOAT32, s);
      var packed = arena.zeros(DType.FLOAT32, Shape.of(convolution.packedBytes() / 4));
      convolution.pack(stream, one(w), packed.memory());
      var x = frames(arena, DType.FLOAT32, s, 1, s.inputs());
      var y = frames(arena, DType.FLOAT32, s, 5, s.outputs());
      var b = Samples.tensor(arena, DType.FLOAT32, 4, s.outputs());
      var forward = bias ? b.memory() : null;
      convolution.forward(stream, packed.memory(), forward, one(x), y.memory(), add);
      var dy = frames(arena, DType.FLOAT32, s, 2, s.outputs());
      var dx = arena.zeros(DType.FLOAT32, Shape.of(x.shape().dims()));
      convolution.backwardData(stream, packed.memory(), dy.memory(), one(dx));
      var dw = Samples.tensor(arena, DType.FLOAT32, 7, dims(s));
      var db = Samples.tensor(arena, DType.FLOAT32, 8, s.outputs());
      var du = gathered(arena, convolution);
      var none = new MemorySegment[] {null};
      convolution.backward(stream, null, one(x), dy.memory(), none, du, one(dw), db.memory());
      convolution.spread(stream, du, one(dw));
      return new double[][] {y.doubles(), dx.doubles(), dw.doubles(), db.doubles()};
    }
  }

  /** Nothing, in memory that is not clean. */
  private static MemorySegment gathered(DeviceArena arena, WinogradConvolution convolution) {
    var du = Samples.tensor(arena, DType.FLOAT32, 9, convolution.gatheredBytes() / 4).memory();
    convolution.gathered(du, 0);
    return du;
  }

  private static MemorySegment[] one(Tensor tensor) {
    return new MemorySegment[] {tensor.memory()};
  }

  /** The direct convolution rounds most in the gradient of frames, and least in that of weights. */
  @ParameterizedTest
  @CsvSource({"3, 1, 4e-7", "5, 2.5, 2e-6"})
  void smallTilesAreNearAsAccurateAsDirect(int kernel, double times, double most) {
    var wide = new ConvSpec(DType.FLOAT64, 2, 16, 16, 32, 32, kernel, kernel, true);
    var s = new ConvSpec(DType.FLOAT32, 2, 16, 16, 32, 32, kernel, kernel, true);
    var exact = definition(wide, true, false);
    try (var engine = OneDnnEngine.open(MathMode.EXACT);
        var stream = new CpuStream(engine, 2);
        var plan = new OneDnnConvolution(engine, s);
        var small = new WinogradPlan(s, 2);
        var large = new WinogradPlan(s, 4)) {
      var direct = errors(exact, results(stream, plan, s, true, false));
      var ofSmall = errors(exact, results(stream, small, s, true, false));
      var ofLarge = errors(exact, results(stream, large, s, true, false));
      for (int part = 0; part < 3; part++) {
        double error = ofSmall[part];
        var what = "%s: %g, large tiles %g, direct %g";
        var all = what.formatted(NAMES.get(part), error, ofLarge[part], direct[part]);
        assertTrue(error < most && error < 0.6 * ofLarge[part], all);
        assertTrue(part == 2 || error < times * direct[part], all);
      }
    }
  }

  /** Root mean squares, of those of the values. */
  private static double[] errors(double[][] exact, double[][] got) {
    var all = new double[exact.length];
    for (int part = 0; part < all.length; part++) {
      double error = 0;
      double value = 0;
      for (int i = 0; i < exact[part].length; i++) {
        error += Math.pow(got[part][i] - exact[part][i], 2);
        value += Math.pow(exact[part][i], 2);
      }
      all[part] = Math.sqrt(error / value);
    }
    return all;
  }

  private static double[][] definition(ConvSpec s, boolean bias, boolean add) {
    var stream = device.takeStream();
    var results = results(stream, new PlainConvolution(s), s, bias, add);
    device.giveBack(stream);
    return results;
  }

  private static double[][] results(
      Stream stream, ConvPlan plan, ConvSpec s, boolean bias, boolean add) {
    try (var arena = device.arena()) {
      var w = weights(arena, s.type(), s);
      var b = bias ? Samples.tensor(arena, s.type(), 4, s.outputs()) : null;
      var packed = arena.zeros(s.type(), Shape.of(plan.packedBytes() / s.type().bytes()));
      plan.pack(stream, bias ? List.of(w, b) : List.of(w), packed);
      var y = frames(arena, s.type(), s, 5, s.outputs());
      plan.forward(stream, packed, frames(arena, s.type(), s, 1, s.inputs()), y, add);
      var dy = frames(arena, s.type(), s, 2, s.outputs());
      var dx = arena.zeros(s.type(), Shape.of(s.batch(), s.height(), s.width(), s.inputs()));
      plan.backwardData(stream, packed, dy, dx);
      var dw = Samples.tensor(arena, s.type(), 7, dims(s));
      var db = Samples.tensor(arena, s.type(), 8, s.outputs());
      plan.backwardWeights(stream, frames(arena, s.type(), s, 1, s.inputs()), dy, dw, db);
      return new double[][] {y.doubles(), dx.doubles(), dw.doubles(), db.doubles()};
    }
  }

  private static long[] dims(ConvSpec s) {
    return new long[] {s.outputs(), s.inputs(), s.kernelHeight(), s.kernelWidth()};
  }

  /** Of the size that a layer starts with. */
  private static Tensor weights(DeviceArena arena, DType type, ConvSpec s) {
    var shape = Shape.of(dims(s));
    var values = Samples.floats(3, shape.elements());
    float bound = (float) (1 / Math.sqrt(s.kernelHeight() * s.kernelWidth() * s.inputs()));
    for (int i = 0; i < values.length; i++) {
      values[i] *= bound;
    }
    return arena.empty(type, shape).set(values);
  }

  private static Tensor frames(DeviceArena arena, DType type, ConvSpec s, long seed, int channels) {
    return Samples.tensor(arena, type, seed, s.batch(), s.height(), s.width(), channels);
  }

  @Test
  void givesTheSameBitsAgainAndOnOneThread() {
    var cell = cell(3, 18, 13, 20, 6, 3);
    var first = trip(cell, 4, false, true, 2);
    for (int threads : new int[] {2, 1}) {
      var again = trip(cell, 4, false, true, threads);
      for (int part = 0; part < first.length; part++) {
        assertArrayEquals(first[part], again[part], 0);
      }
    }
  }

  /**
   * Channels of two frames side by side, and the way back in one. Not against one frame of all: the
   * room between the two may make oneDNN sum in another order.
   */
  @ParameterizedTest
  @CsvSource({"3, 16, 1, 16", "5, 5, 20, 7", "3, 33, 16, 18"})
  void twoSourcesAreOneConvolution(int kernel, int first, int second, int size) {
    int inputs = first + second;
    var wide = new ConvSpec(DType.FLOAT64, 2, size, size + 1, inputs, 12, kernel, kernel, true);
    var s = new ConvSpec(DType.FLOAT32, 2, size, size + 1, inputs, 12, kernel, kernel, true);
    var expected = definition(wide, true, false);
    try (var arena = device.arena();
        var stream = new CpuStream(OneDnnEngine.open(MathMode.EXACT), 2)) {
      assertNear(expected, way(arena, stream, s, inputs), "one source");
      assertNear(expected, way(arena, stream, s, first, second), "two sources");
    }
  }

  /**
   * In memory that is not clean, as the first step back leaves it where there is no h before it.
   */
  @Test
  void aSourceThatIsZeroHasNoGradient() {
    var s = new ConvSpec(DType.FLOAT32, 2, 9, 6, 7 + 5, 12, 3, 3, false);
    try (var arena = device.arena();
        var engine = OneDnnEngine.open(MathMode.EXACT);
        var stream = new CpuStream(engine, 2)) {
      for (int zero = 0; zero < 2; zero++) {
        var convolution = new WinogradConvolution(s, 4, 7, 5);
        int[] widths = {7, 5};
        var x = cut(arena, Samples.floats(1, 2 * 9 * 6 * 12), 2 * 9 * 6, 1, widths);
        var dw = cut(arena, new float[12 * 12 * 9], 12, 9, widths);
        var dy = frames(arena, DType.FLOAT32, s, 2, 12);
        var du = gathered(arena, convolution);
        x[zero] = null;
        var none = new MemorySegment[2];
        convolution.backward(stream, null, x, dy.memory(), none, du, dw);
        convolution.spread(stream, du, dw);
        for (int i = 0; i < 2; i++) {
          var values = dw[i].toArray(ValueLayout.JAVA_FLOAT);
          boolean any = IntStream.range(0, values.length).anyMatch(e -> values[e] != 0);
          assertEquals(i != zero, any);
        }
      }
    }
  }

  /** As a session does a step again, after other convolutions of its stream. */
  @Test
  void whatWasRecordedIsDoneAgain() {
    var s = new ConvSpec(DType.FLOAT32, 2, 9, 6, 7, 12, 3, 3, false);
    try (var arena = device.arena();
        var engine = OneDnnEngine.open(MathMode.EXACT);
        var stream = new CpuStream(engine, 2)) {
      var first = new WinogradConvolution(s, 4, 7);
      var packed = arena.zeros(DType.FLOAT32, Shape.of(first.packedBytes() / 4)).memory();
      first.pack(stream, one(weights(arena, DType.FLOAT32, s)), packed);
      var x = frames(arena, DType.FLOAT32, s, 1, 7);
      var y = frames(arena, DType.FLOAT32, s, 2, 12);
      var other = frames(arena, DType.FLOAT32, s, 3, 12);
      // Scratch memory that grows cannot be recorded.
      first.forward(stream, packed, null, one(x), y.memory(), false);
      var work =
          stream
              .tape()
              .record(
                  () -> {
                    first.forward(stream, packed, null, one(x), y.memory(), false);
                    first.forward(stream, packed, null, one(x), other.memory(), true);
                  });
      var expected = y.doubles();
      y.set(new float[expected.length]);
      other.set(new float[expected.length]);
      for (var each : work) {
        each.run();
      }
      assertArrayEquals(expected, y.doubles(), 0);
      assertArrayEquals(expected, other.doubles(), 0);
    }
  }

  /** Some columns of wider frames, beside which nothing is touched. */
  @ParameterizedTest
  @CsvSource({"3, 12, 5, 20", "5, 16, 16, 48"})
  void columnsOfWiderFramesAreTheSame(int kernel, int outputs, int first, int columns) {
    var s = new ConvSpec(DType.FLOAT32, 2, 9, 6, 7, outputs, kernel, kernel, false);
    try (var arena = device.arena();
        var engine = OneDnnEngine.open(MathMode.EXACT);
        var stream = new CpuStream(engine, 2)) {
      var whole = new WinogradConvolution(s, 4, 7);
      var part = new WinogradConvolution(s, 4, new int[] {7}, first, columns);
      var packed = arena.zeros(DType.FLOAT32, Shape.of(whole.packedBytes() / 4)).memory();
      whole.pack(stream, one(weights(arena, DType.FLOAT32, s)), packed);
      var x = one(frames(arena, DType.FLOAT32, s, 1, 7));
      var y = frames(arena, DType.FLOAT32, s, 2, outputs);
      var wide = frames(arena, DType.FLOAT32, s, 3, columns);
      var before = wide.doubles();
      whole.forward(stream, packed, null, x, y.memory(), false);
      part.forward(stream, packed, null, x, wide.memory(), false);
      assertArrayEquals(y.doubles(), columns(wide.doubles(), columns, first, outputs), 0);
      assertArrayEquals(
          columns(before, columns, first + outputs, columns - first - outputs),
          columns(wide.doubles(), columns, first + outputs, columns - first - outputs),
          0);
      var dx = one(arena.zeros(DType.FLOAT32, Shape.of(2, 9, 6, 7)));
      whole.backwardData(stream, packed, y.memory(), dx);
      var other = one(arena.zeros(DType.FLOAT32, Shape.of(2, 9, 6, 7)));
      part.backwardData(stream, packed, wide.memory(), other);
      assertEquals(-1, dx[0].mismatch(other[0]));
    }
  }

  private static double[] columns(double[] frames, int columns, int first, int count) {
    var some = new double[frames.length / columns * count];
    for (int i = 0; i < some.length; i++) {
      some[i] = frames[i / count * columns + first + i % count];
    }
    return some;
  }

  /** {@link #results} with bias of a convolution of some sources, whose x and w are cut. */
  private static double[][] way(DeviceArena arena, CpuStream stream, ConvSpec s, int... widths) {
    int pixels = s.batch() * s.height() * s.width();
    int taps = s.kernelHeight() * s.kernelWidth();
    var convolution = new WinogradConvolution(s, 4, widths);
    var x = cut(arena, Samples.floats(1, (long) pixels * s.inputs()), pixels, 1, widths);
    var w = cut(arena, weights(arena, DType.FLOAT32, s).floats(), s.outputs(), taps, widths);
    var packed = arena.zeros(DType.FLOAT32, Shape.of(convolution.packedBytes() / 4)).memory();
    convolution.pack(stream, w, packed);
    var b = Samples.tensor(arena, DType.FLOAT32, 4, s.outputs());
    var y = arena.zeros(DType.FLOAT32, Shape.of(pixels, s.outputs()));
    convolution.forward(stream, packed, b.memory(), x, y.memory(), false);
    var dy = frames(arena, DType.FLOAT32, s, 2, s.outputs());
    var dx = cut(arena, new float[pixels * s.inputs()], pixels, 1, widths);
    var dw = cut(arena, Samples.floats(7, Shape.of(dims(s)).elements()), s.outputs(), taps, widths);
    var du = gathered(arena, convolution);
    var db = Samples.tensor(arena, DType.FLOAT32, 8, s.outputs());
    convolution.backward(stream, packed, x, dy.memory(), dx, du, dw, db.memory());
    convolution.spread(stream, du, dw);
    return new double[][] {
      y.doubles(), paste(dx, pixels, 1, widths), paste(dw, s.outputs(), taps, widths), db.doubles()
    };
  }

  /** Rows of all channels, each some elements long, into rows of each source's. */
  private static MemorySegment[] cut(
      DeviceArena arena, float[] all, int rows, int each, int... widths) {
    var parts = new MemorySegment[widths.length];
    int row = Arrays.stream(widths).sum() * each;
    int first = 0;
    for (int i = 0; i < widths.length; i++) {
      int length = widths[i] * each;
      parts[i] = arena.zeros(DType.FLOAT32, Shape.of(rows, length)).memory();
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(
            all, r * row + first, parts[i], ValueLayout.JAVA_FLOAT, 4L * r * length, length);
      }
      first += length;
    }
    return parts;
  }

  private static double[] paste(MemorySegment[] parts, int rows, int each, int... widths) {
    int row = Arrays.stream(widths).sum() * each;
    var all = new double[rows * row];
    int first = 0;
    for (int i = 0; i < widths.length; i++) {
      int length = widths[i] * each;
      for (int e = 0; e < rows * length; e++) {
        all[e / length * row + first + e % length] = parts[i].getAtIndex(ValueLayout.JAVA_FLOAT, e);
      }
      first += length;
    }
    return all;
  }
}
