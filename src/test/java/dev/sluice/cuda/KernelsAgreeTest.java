package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel gives on the simulated device what it gives on the CPU engine. */
@Simulated
class KernelsAgreeTest {
  private static Device cpu;
  private static Device cuda;

  @BeforeAll
  static void open() {
    cuda = Simulator.open();
    cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
  }

  @AfterAll
  static void close() {
    if (cpu != null) {
      cpu.close();
      cuda.close();
    }
  }

  /** What a tensor holds before a kernel runs. */
  private enum Fill {
    /** On [-1, 1). */
    SIGNED,
    /** On [-6, 6). */
    WIDE,
    /** On (0, 1). */
    UNIT,
    /** Zeros and ones. */
    BITS,
    /** Anything: overwritten, and not looked at afterwards. */
    SPENT,
    /** Whole numbers from 0 on, below a bound. */
    INTEGERS,
    /** Zeros in float64, whatever the rest is in. */
    DOUBLES,
    /** float64 ones whatever the case's type. */
    ONES
  }

  /** A tensor of a case; dims are null where it is left out. */
  private record Operand(Fill fill, int bound, long... dims) {
    Tensor on(DeviceArena arena, DType type, long seed) {
      if (dims == null) {
        return null;
      }
      var shape = Shape.of(dims);
      var random = new Random(seed);
      int count = Math.toIntExact(shape.elements());
      if (fill == Fill.DOUBLES) {
        return arena.zeros(DType.FLOAT64, shape);
      }
      if (fill == Fill.ONES) {
        return arena.empty(DType.FLOAT64, shape).set(new double[] {1, 1, 1});
      }
      if (fill == Fill.INTEGERS) {
        return arena.empty(DType.INT32, shape).set(random.ints(count, 0, bound).toArray());
      }
      var values = new double[count];
      for (int i = 0; i < count; i++) {
        double unit = (random.nextInt(1 << 20) + 0.5) / (1 << 20);
        values[i] =
            switch (fill) {
              case WIDE -> 12 * unit - 6;
              case UNIT -> unit;
              case BITS -> unit < 0.5 ? 0 : 1;
              default -> 2 * unit - 1;
            };
      }
      return arena.empty(type, shape).set(values);
    }
  }

  private static Operand signed(long... dims) {
    return new Operand(Fill.SIGNED, 0, dims);
  }

  private static Operand wide(long... dims) {
    return new Operand(Fill.WIDE, 0, dims);
  }

  private static Operand unit(long... dims) {
    return new Operand(Fill.UNIT, 0, dims);
  }

  private static Operand bits(long... dims) {
    return new Operand(Fill.BITS, 0, dims);
  }

  private static Operand spent(long... dims) {
    return new Operand(Fill.SPENT, 0, dims);
  }

  private static Operand integers(int bound, long... dims) {
    return new Operand(Fill.INTEGERS, bound, dims);
  }

  private static final Operand NONE = new Operand(Fill.SIGNED, 0, (long[]) null);

  /** A kernel with its scalars and tensors. */
  private record Case(String kernel, double[] scalars, Operand... operands) {
    @Override
    public String toString() {
      var text = new StringBuilder(kernel);
      for (var operand : operands) {
        text.append(' ').append(operand.dims == null ? "-" : Shape.of(operand.dims));
      }
      return text.toString();
    }
  }

  /** Builds the list of cases. */
  private static final class Cases {
    final List<Case> all = new ArrayList<>();

    void add(String kernel, double[] scalars, Operand... operands) {
      all.add(new Case(kernel, scalars, operands));
    }

    void add(String kernel, Operand... operands) {
      add(kernel, new double[0], operands);
    }
  }

  /** One element, less than a warp, odd, more than a block, more than several blocks of a sum. */
  private static final int[] COUNTS = {1, 17, 1000, 5003};

  /** Rows by channels: one, odd, more than a block, channels as in real cells. */
  private static final long[][] ROWS = {{1, 1}, {7, 3}, {33, 17}, {10, 64}};

  static List<Case> cases() {
    var cases = new Cases();
    elements(cases);
    activations(cases);
    losses(cases);
    optimisers(cases);
    frames(cases);
    lstm(cases);
    gru(cases);
    spatioTemporal(cases);
    causal(cases);
    norms(cases);
    predictions(cases);
    return cases.all;
  }

  private static double[] of(double... scalars) {
    return scalars;
  }

  private static void elements(Cases c) {
    for (int n : COUNTS) {
      c.add("fill", of(2.5), spent(n));
      c.add("fill", of(0), spent(n));
      c.add("fill", of(-7), integers(9, n));
      c.add("copy", signed(n), spent(n));
      c.add("copy", integers(9, n), integers(9, n));
      c.add("add", signed(n), signed(n));
      c.add("scale", of(-3), signed(n));
      c.add("clamp", of(0.5), signed(n));
      c.add("sum_squares", signed(n), signed(1));
      c.add("max_abs", signed(n), unit(1));
      c.add("dropout", of(0.3, 0x9E3779B9L, 77, (1L << 33) + 5), signed(n), spent(n));
      c.add("dropout_backward", of(0.5, 1, 0xFFFFFFFFL, 2), signed(n), signed(n));
    }
    c.add("dropout", of(1, 1, 2, 3), signed(19), spent(19));
    c.add("dropout", of(0, 1, 2, 3), signed(19), spent(19));
    for (String empty : new String[] {"fill", "scale", "clamp"}) {
      c.add(empty, of(1), signed(0));
    }
    for (int columns : new int[] {1, 3, 33, 130}) {
      for (int rows : new int[] {1, 5, 700}) {
        c.add("add_bias", signed(columns), signed(rows, columns));
        // Whole numbers, whose sums are exact in any order.
        c.add("column_sums", bits(rows, columns), bits(columns));
      }
    }
    for (int width : new int[] {1, 5, 70}) {
      c.add("embedding", integers(11, 40), signed(11, width), spent(40, width));
      for (int add = 0; add < 2; add++) {
        c.add("gather_rows", of(add), signed(11, width), integers(11, 40), signed(40, width));
      }
      c.add("embedding_backward", integers(11, 101), signed(101, width), signed(11, width));
    }
  }

  private static void activations(Cases c) {
    for (int n : COUNTS) {
      for (String name : new String[] {"sigmoid", "tanh", "relu"}) {
        c.add(name, wide(n), spent(n));
        c.add(name + "_backward", unit(n), signed(n), signed(n));
      }
      c.add("hard_sigmoid", of(0.2, 0.5), wide(n), spent(n));
      c.add("hard_sigmoid_backward", of(0.2), bits(n), signed(n), signed(n));
      c.add("hard_sigmoid_backward", of(0.2), unit(n), signed(n), signed(n));
      c.add("relu_backward", bits(n), signed(n), signed(n));
    }
    for (int classes : new int[] {1, 10, 33, 300}) {
      c.add("softmax", wide(9, classes), spent(9, classes));
      c.add("softmax_backward", unit(9, classes), signed(9, classes), signed(9, classes));
    }
  }

  private static void losses(Cases c) {
    for (int n : COUNTS) {
      for (String name : new String[] {"mse", "l1", "bce_logits"}) {
        c.add(name, wide(n), unit(n), spent(1));
        c.add(name + "_backward", wide(n), unit(n), signed(1), signed(n));
      }
      c.add("smooth_l1", of(0.7), wide(n), unit(n), spent(1));
      c.add("smooth_l1_backward", of(0.7), wide(n), unit(n), signed(1), signed(n));
      c.add("bce", unit(n), unit(n), spent(1));
      c.add("bce_backward", unit(n), unit(n), signed(1), signed(n));
    }
    for (int classes : new int[] {2, 10, 70}) {
      for (int n : new int[] {1, 300}) {
        var labels = integers(classes, n);
        c.add("softmax_ce", of(0.25, 1), wide(n, classes), labels, spent(1));
        c.add(
            "softmax_ce_backward",
            of(0.25, 1),
            wide(n, classes),
            labels,
            signed(1),
            signed(n, classes));
      }
    }
  }

  private static void optimisers(Cases c) {
    var verdict = new Operand(Fill.DOUBLES, 0, 4);
    c.add("step_factor", of(0.5, 2, 3), unit(1), signed(1), verdict);
    c.add("step_factor", of(50, 1, 4), unit(1), signed(1), verdict);
    var scale = new Operand(Fill.ONES, 0, 3);
    c.add("scaled_step_factor", of(0.5, 3, 1, 4), unit(1), signed(1), verdict, scale, spent(1));
    c.add("scaled_step_factor", of(50, 3, 9, 4), unit(1), signed(1), verdict, scale, spent(1));
    for (int n : COUNTS) {
      c.add("sgd", of(0.1, 0.01, 0, 0, 0, 1), signed(n), signed(n), NONE);
      for (int first = 0; first < 2; first++) {
        for (int nesterov = 0; nesterov < 2; nesterov++) {
          c.add("sgd", of(0.1, 0.01, 0.9, 0.2, nesterov, first), signed(n), signed(n), signed(n));
        }
      }
      var adam = of(0.01, 0.9, 0.999, 0.5, 1e-3, 0.1, 0.98);
      c.add("adam", adam, signed(n), signed(n), signed(n), unit(n));
      c.add("adam", adam, signed(n), signed(n), signed(n), unit(n), unit(n));
      for (int inside = 0; inside < 2; inside++) {
        var rms = of(0.01, 0.99, 1e-3, inside, 0.1, 0.9);
        c.add("rmsprop", rms, signed(n), signed(n), unit(n), NONE, NONE);
        c.add("rmsprop", rms, signed(n), signed(n), unit(n), signed(n), signed(n));
      }
    }
  }

  private static void frames(Cases c) {
    var random = new Random(7);
    for (int round = 0; round < 12; round++) {
      int rank = 1 + random.nextInt(6);
      var axes = random.ints(0, rank).distinct().limit(rank).toArray();
      var sizes = random.ints(rank, 1, 6).toArray();
      var scalars = new double[2 * rank];
      long count = 1;
      for (int i = 0; i < rank; i++) {
        scalars[i] = axes[i];
        scalars[rank + i] = sizes[i];
        count *= sizes[i];
      }
      c.add("permute", scalars, signed(count), spent(count));
      c.add("permute_add", scalars, signed(count), signed(count));
    }
    c.add("columns", of(3, 1, 6), signed(50, 4), signed(50, 9));
    c.add("columns_add", of(2, 7, 0), signed(50, 9), signed(50, 4));
  }

  private static void lstm(Cases c) {
    for (long[] size : ROWS) {
      long n = 2;
      long area = size[0];
      long k = size[1];
      var map = signed(area, k);
      for (var peephole : new Operand[] {NONE, map}) {
        c.add(
            "conv_lstm",
            wide(n, area, 4 * k),
            signed(n, area, k),
            spent(n, area, k),
            spent(n, area, k),
            peephole,
            peephole,
            peephole);
        c.add(
            "conv_lstm_backward",
            unit(n, area, 4 * k),
            signed(n, area, k),
            // The CPU engine may spend c_t.
            peephole == NONE ? spent(n, area, k) : signed(n, area, k),
            signed(n, area, k),
            signed(n, area, k),
            peephole,
            peephole,
            peephole,
            peephole,
            peephole,
            peephole);
      }
    }
  }

  private static void gru(Cases c) {
    for (long[] size : ROWS) {
      long rows = size[0];
      long k = size[1];
      for (int after = 0; after < 2; after++) {
        for (int update = 0; update < 2; update++) {
          var how = of(after, update);
          c.add("gru_reset", how, wide(rows, 2 * k), signed(rows, k), signed(rows, k));
          c.add(
              "gru_blend",
              how,
              unit(rows, 2 * k),
              wide(rows, k),
              signed(rows, k),
              signed(rows, k),
              spent(rows, k));
          c.add(
              "gru_blend_backward",
              how,
              unit(rows, 2 * k),
              signed(rows, k),
              signed(rows, k),
              signed(rows, k),
              signed(rows, k));
        }
      }
      c.add(
          "gru_reset_backward",
          of(0, 0),
          unit(rows, 2 * k),
          signed(rows, k),
          signed(rows, k),
          spent(rows, k),
          signed(rows, k));
      c.add("ghu", wide(rows, 2 * k), wide(rows, 2 * k), signed(rows, k), spent(rows, k));
      for (var owed : new Operand[] {NONE, signed(rows, k)}) {
        c.add(
            "ghu_backward",
            unit(rows, 2 * k),
            spent(rows, 2 * k),
            signed(rows, k),
            signed(rows, k),
            owed);
      }
    }
  }

  private static void spatioTemporal(Cases c) {
    for (long[] size : ROWS) {
      long rows = size[0];
      long k = size[1];
      var one = signed(rows, k);
      for (var delta : new Operand[] {NONE, one}) {
        c.add(
            "st_lstm_memory",
            of(1),
            wide(rows, 7 * k),
            wide(rows, 4 * k),
            wide(rows, 3 * k),
            one,
            one,
            spent(rows, k),
            spent(rows, k),
            spent(rows, 2 * k),
            delta,
            delta);
        c.add(
            "st_lstm_memory_backward",
            unit(rows, 7 * k),
            signed(rows, 4 * k),
            signed(rows, 3 * k),
            one,
            one,
            delta,
            delta,
            signed(rows, 2 * k),
            delta,
            delta,
            delta,
            delta);
      }
      c.add(
          "st_lstm_output",
          wide(rows, 7 * k),
          wide(rows, 4 * k),
          one,
          wide(rows, k),
          spent(rows, k));
      c.add(
          "st_lstm_output_backward",
          unit(rows, 7 * k),
          signed(rows, 4 * k),
          spent(rows, k),
          one,
          one);
    }
  }

  private static void causal(Cases c) {
    for (long[] size : ROWS) {
      long rows = size[0];
      long k = size[1];
      var one = signed(rows, k);
      var seven = wide(rows, 7 * k);
      var activations = unit(rows, 7 * k);
      var four = signed(rows, 4 * k);
      var three = signed(rows, 3 * k);
      c.add("causal_lstm_cell", of(1), seven, four, three, one, spent(rows, k));
      c.add("causal_lstm_cell_backward", activations, four, three, one, one, NONE);
      c.add("causal_lstm_cell_backward", activations, four, three, one, one, one);
      c.add(
          "causal_lstm_memory", of(1), seven, three, four, one, spent(rows, k), spent(rows, 2 * k));
      c.add(
          "causal_lstm_memory_backward",
          activations,
          three,
          four,
          one,
          one,
          // Read before it is spent.
          signed(rows, 2 * k));
      c.add("causal_lstm_output", seven, four, four, one, wide(rows, k), spent(rows, k));
      c.add("causal_lstm_output_backward", activations, four, four, spent(rows, k), one, one);
    }
  }

  private static void norms(Cases c) {
    // Frames of less and of more than a chunk of 4096 elements.
    long[][] sizes = {{1, 1, 1}, {3, 5, 7}, {2, 70, 64}, {2, 99, 130}};
    for (long[] size : sizes) {
      long n = size[0];
      long area = size[1];
      long k = size[2];
      c.add(
          "layer_norm",
          of(1e-5),
          wide(n, area, k),
          signed(area, k),
          signed(area, k),
          spent(n, area, k),
          spent(n),
          spent(n, area, k));
      for (int add = 0; add < 2; add++) {
        c.add(
            "layer_norm_backward",
            of(k, add),
            signed(n, area, k),
            signed(area, k),
            unit(n),
            signed(n, area, k),
            signed(n, area, k),
            signed(k, area),
            signed(k, area));
      }
      c.add(
          "layer_norm_backward",
          of(k, 0),
          signed(n, area, k),
          signed(area, k),
          unit(n),
          signed(n, area, k),
          NONE,
          signed(k, area),
          signed(k, area));
    }
  }

  private static void predictions(Cases c) {
    for (long length : new long[] {1, 7, 400}) {
      var frames = signed(5, length);
      c.add("sampling_mix", bits(5), frames, frames, spent(5, length));
      c.add("sampling_mix_backward", bits(5), frames, frames, frames);
      c.add("sampling_mix_backward", unit(5), frames, NONE, frames);
      c.add("sampling_mix_backward", unit(5), frames, frames, NONE);
    }
    for (long[] size : new long[][] {{1, 1, 1, 1}, {3, 2, 5, 7}, {2, 9, 4, 40}}) {
      var stats = unit(size[0], 3, size[3]);
      c.add("decouple", signed(size), signed(size), spent(stats.dims), spent(1));
      c.add("decouple_backward", signed(size), signed(size), stats, signed(1));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void float32(Case it) {
    agree(it, DType.FLOAT32, 2e-6);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void float64(Case it) {
    agree(it, DType.FLOAT64, 1e-13);
  }

  private void agree(Case it, DType type, double tolerance) {
    try (var here = cpu.arena();
        var there = cuda.arena()) {
      var expected = tensors(it, here, type);
      var got = tensors(it, there, type);
      run(cpu, it, expected);
      run(cuda, it, got);
      for (int i = 0; i < expected.length; i++) {
        if (expected[i] != null && !overwritten(it, i)) {
          compare(it + ", tensor " + i, expected[i], got[i], tolerance);
        }
      }
    }
  }

  /** What one engine leaves in a tensor that the contract calls spent is its own business. */
  private static boolean overwritten(Case it, int index) {
    return switch (it.kernel) {
      case "conv_lstm_backward" -> index == 2;
      case "gru_reset_backward" -> index == 3;
      case "causal_lstm_memory_backward" -> index == 5;
      case "st_lstm_memory_backward" -> index == 7;
      default -> false;
    };
  }

  private static Tensor[] tensors(Case it, DeviceArena arena, DType type) {
    var tensors = new Tensor[it.operands.length];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = it.operands[i].on(arena, type, 100 + i);
    }
    return tensors;
  }

  private static void run(Device device, Case it, Tensor... tensors) {
    var stream = device.takeStream();
    try {
      device.backend().kernel(it.kernel).run(stream, it.scalars, tensors);
      stream.synchronize();
    } finally {
      device.giveBack(stream);
    }
  }

  private static void compare(String what, Tensor expected, Tensor got, double tolerance) {
    if (expected.type() == DType.INT32) {
      assertArrayEquals(expected.ints(), got.ints(), what);
      return;
    }
    var a = expected.doubles();
    var b = got.doubles();
    for (int i = 0; i < a.length; i++) {
      double bound = Double.isNaN(a[i]) ? 0 : tolerance * (1 + Math.abs(a[i]));
      int at = i;
      assertEquals(a[i], b[i], bound, () -> what + ", element " + at);
    }
  }

  @Test
  void everyKernelOfTheCpuEngineIsHereAndTried() {
    var names = known(cpu);
    assertEquals(names, known(cuda));
    var tried = new TreeSet<>(cases().stream().map(Case::kernel).toList());
    assertEquals(names.toString(), tried.toString());
  }

  /** The names that an engine lists when it is asked for one that it does not have. */
  private static List<String> known(Device device) {
    var e = assertThrows(IllegalArgumentException.class, () -> device.backend().kernel("conjure"));
    var list = e.getMessage().replaceAll(".*\\[(.*)\\].*", "$1");
    return List.of(list.split(", "));
  }

  private static Stream<String> bounds() {
    return Stream.of("sigmoid", "tanh", "relu", "clamp");
  }

  @ParameterizedTest
  @MethodSource("bounds")
  void endsAndNotANumber(String kernel) {
    double[] ends = {-1e9, 1e9, Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 0};
    var it = new Case(kernel, of(0.5));
    for (var type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
      try (var here = cpu.arena();
          var there = cuda.arena()) {
        var expected = here.empty(type, Shape.of(ends.length)).set(ends);
        var got = there.empty(type, Shape.of(ends.length)).set(ends);
        run(cpu, it, expected, expected);
        run(cuda, it, got, got);
        assertArrayEquals(expected.doubles(), got.doubles(), 1e-15, kernel);
      }
    }
  }

  @Test
  void theLargestMagnitudeIsNotANumberWhereAnyIs() {
    try (var arena = cuda.arena()) {
      var x = arena.empty(DType.FLOAT32, Shape.of(1000));
      var values = new float[1000];
      values[998] = Float.NaN;
      var largest = arena.empty(DType.FLOAT32, Shape.of(1)).set(5f);
      run(cuda, new Case("max_abs", of()), x.set(values), largest);
      assertArrayEquals(new float[] {Float.NaN}, largest.floats());
    }
  }

  @Test
  void sumsAreTheSameInEveryRun() {
    try (var arena = cuda.arena()) {
      var x = wide(70, 33).on(arena, DType.FLOAT32, 1);
      var sums = new ArrayList<float[]>();
      for (int round = 0; round < 2; round++) {
        var sum = arena.zeros(DType.FLOAT32, Shape.of(33));
        run(cuda, new Case("column_sums", of()), x, sum);
        sums.add(sum.floats());
      }
      assertArrayEquals(sums.get(0), sums.get(1));
    }
  }

  @Test
  void kernelsGoOnWhereAGridHasFewerThreadsThanThereAreElements() {
    try (var here = cpu.arena();
        var there = cuda.arena()) {
      var it = new Case("add", of(), signed(5003), signed(5003));
      var expected = tensors(it, here, DType.FLOAT32);
      var got = tensors(it, there, DType.FLOAT32);
      run(cpu, it, expected);
      var stream = (CudaStream) cuda.takeStream();
      stream.launch("elements", "add_f32", Grid.blocks(2), got[0], got[1], 5003L);
      stream.synchronize();
      cuda.giveBack(stream);
      compare("add", expected[1], got[1], 0);
    }
  }
}
