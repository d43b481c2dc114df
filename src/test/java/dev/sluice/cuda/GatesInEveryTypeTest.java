package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gates with float64, float16 and bfloat16 elements give what they give with float32 ones on
 * the same numbers, up to the type's rounding, with every option that recurrent networks use:
 * lengths, clipping, biases, strides.
 */
@Simulated
class GatesInEveryTypeTest {
  private static final int ROWS = 9;
  private static final int LENGTH = 31;
  private static final int STEP = 3;

  private static Device cuda;

  @BeforeAll
  static void open() {
    cuda = Simulator.open();
  }

  @AfterAll
  static void close() {
    if (cuda != null) {
      cuda.close();
    }
  }

  /**
   * A tensor that a kernel is given.
   *
   * @param state whether it is float32 where elements are halves
   * @param count its elements
   */
  private record Operand(boolean state, int count) {}

  /** A launch; its arguments are operands, LENGTHS, null for a tensor left out, and numbers. */
  private record Launch(String module, String kernel, int threads, Object... arguments) {
    @Override
    public String toString() {
      return kernel;
    }
  }

  /** The steps of each row, around STEP. */
  private static final Object LENGTHS = "lengths";

  private static Operand elements(int rowWidth) {
    return new Operand(false, ROWS * rowWidth);
  }

  private static Operand states() {
    return new Operand(true, ROWS * LENGTH);
  }

  static List<Launch> launches() {
    var all = new ArrayList<Launch>();
    lstm(all);
    gru(all);
    others(all);
    spatioTemporal(all);
    return all;
  }

  private static void lstm(List<Launch> all) {
    int l = LENGTH;
    var one = elements(l);
    var map = new Operand(false, 3 * l);
    var bias = new Operand(false, 4 * l);
    var gradient = new Operand(true, 3 * l);
    double infinite = Double.POSITIVE_INFINITY;
    for (var lengths : new Object[] {null, LENGTHS}) {
      for (double clip : new double[] {0.3, infinite}) {
        for (int read = 0; read < 2; read++) {
          add(
              all,
              "lstm",
              "lstm_forward",
              elements(4 * l),
              bias,
              map,
              map,
              map,
              states(),
              states(),
              one,
              one,
              elements(2 * l),
              2L * l,
              lengths,
              STEP,
              ROWS,
              l,
              3,
              1.0,
              clip,
              read);
          add(
              all,
              "lstm",
              "lstm_backward",
              elements(4 * l),
              map,
              map,
              map,
              states(),
              states(),
              elements(2 * l),
              2L * l,
              one,
              states(),
              lengths,
              STEP,
              ROWS,
              l,
              3,
              clip,
              read);
          add(
              all,
              "lstm",
              "lstm_peephole",
              elements(4 * l),
              states(),
              states(),
              gradient,
              gradient,
              gradient,
              ROWS,
              l,
              3,
              clip,
              read);
        }
      }
      add(
          all,
          "lstm",
          "lstm_forward",
          elements(4 * l),
          null,
          null,
          null,
          null,
          states(),
          states(),
          null,
          one,
          null,
          0L,
          lengths,
          STEP,
          ROWS,
          l,
          1,
          0.0,
          infinite,
          0);
    }
  }

  private static void gru(List<Launch> all) {
    int l = LENGTH;
    var one = elements(l);
    var bias = new Operand(false, 4 * l);
    // As in a network's sums [rows, 3, L]; the candidate has a block of its own here.
    var rz = elements(3 * l);
    for (var lengths : new Object[] {null, LENGTHS}) {
      for (int after = 0; after < 2; after++) {
        add(all, "gru", "gru_reset", rz, 3L * l, one, bias, states(), ROWS, l, after);
        for (int update = 0; update < 2; update++) {
          add(
              all,
              "gru",
              "gru_blend",
              rz,
              3L * l,
              rz,
              3L * l,
              one,
              bias,
              states(),
              states(),
              elements(2 * l),
              2L * l,
              lengths,
              STEP,
              ROWS,
              l,
              after,
              update);
          add(
              all,
              "gru",
              "gru_blend_backward",
              rz,
              3L * l,
              rz,
              3L * l,
              one,
              states(),
              elements(2 * l),
              2L * l,
              states(),
              lengths,
              STEP,
              ROWS,
              l,
              after,
              update);
        }
      }
      add(
          all,
          "gru",
          "gru_reset_backward",
          rz,
          3L * l,
          states(),
          one,
          states(),
          lengths,
          STEP,
          ROWS,
          l);
    }
  }

  private static void others(List<Launch> all) {
    int l = LENGTH;
    var one = elements(l);
    var two = elements(2 * l);
    for (var lengths : new Object[] {null, LENGTHS}) {
      for (int relu = 0; relu < 2; relu++) {
        add(
            all,
            "elman",
            "elman_forward",
            one,
            new Operand(false, l),
            one,
            one,
            two,
            2L * l,
            lengths,
            STEP,
            ROWS,
            l,
            relu);
        add(
            all,
            "elman",
            "elman_backward",
            one,
            one,
            two,
            2L * l,
            one,
            lengths,
            STEP,
            ROWS,
            l,
            relu);
      }
      add(all, "sequence", "project_forward", one, one, two, 2L * l, lengths, STEP, ROWS, l);
      add(all, "sequence", "project_backward", one, two, 2L * l, one, lengths, STEP, ROWS, l);
    }
    var sequence = elements(7 * l);
    all.add(
        new Launch("sequence", "mask_rows", 7 * ROWS * l, sequence, sequence, LENGTHS, 7, ROWS, l));
    add(all, "ghu", "ghu", two, two, one, one, ROWS, l);
    add(all, "ghu", "ghu_backward", two, two, one, one, one, ROWS, l);
  }

  private static void spatioTemporal(List<Launch> all) {
    int l = LENGTH;
    var one = elements(l);
    var two = elements(2 * l);
    var three = elements(3 * l);
    var four = elements(4 * l);
    var seven = elements(7 * l);
    var state = states();
    add(
        all,
        "st_lstm",
        "st_lstm_memory",
        seven,
        four,
        three,
        state,
        state,
        state,
        state,
        two,
        one,
        one,
        ROWS,
        l,
        1.0);
    add(
        all,
        "st_lstm",
        "st_lstm_memory_backward",
        seven,
        four,
        three,
        state,
        state,
        state,
        state,
        two,
        one,
        one,
        state,
        state,
        ROWS,
        l);
    add(all, "st_lstm", "st_lstm_output", seven, four, one, one, one, ROWS, l);
    add(all, "st_lstm", "st_lstm_output_backward", seven, four, one, one, one, ROWS, l);
    String causal = "causal_lstm";
    add(all, causal, "causal_lstm_cell", seven, four, three, state, state, ROWS, l, 1.0);
    add(all, causal, "causal_lstm_cell_backward", seven, four, three, state, state, state, ROWS, l);
    add(all, causal, "causal_lstm_memory", seven, three, four, state, state, two, ROWS, l, 1.0);
    add(all, causal, "causal_lstm_memory_backward", seven, three, four, state, state, two, ROWS, l);
    add(all, causal, "causal_lstm_output", seven, four, four, one, one, one, ROWS, l);
    add(all, causal, "causal_lstm_output_backward", seven, four, four, one, one, one, ROWS, l);
  }

  private static void add(List<Launch> all, String module, String kernel, Object... arguments) {
    all.add(new Launch(module, kernel, ROWS * LENGTH, arguments));
  }

  @ParameterizedTest
  @MethodSource("launches")
  void float64(Launch launch) {
    agree(launch, DType.FLOAT64, 4e-6);
  }

  @ParameterizedTest
  @MethodSource("launches")
  void float16(Launch launch) {
    // Half a unit in the last place of what is stored; a few for sums of what was stored before.
    agree(launch, DType.FLOAT16, 4 * 0x1p-11);
  }

  @ParameterizedTest
  @MethodSource("launches")
  void bfloat16(Launch launch) {
    agree(launch, DType.BFLOAT16, 4 * 0x1p-8);
  }

  private void agree(Launch launch, DType type, double tolerance) {
    try (var arena = cuda.arena()) {
      var expected = run(launch, arena, DType.FLOAT32);
      var got = run(launch, arena, type);
      for (int i = 0; i < expected.size(); i++) {
        var a = expected.get(i);
        var b = got.get(i);
        for (int e = 0; e < a.length; e++) {
          double bound = Double.isNaN(a[e]) ? 0 : tolerance * (1 + Math.abs(a[e]));
          String what = launch + ", tensor " + i + ", element " + e;
          assertEquals(a[e], b[e], bound, what);
        }
      }
    }
  }

  /** What stands in every tensor afterwards. */
  private static List<double[]> run(Launch launch, DeviceArena arena, DType type) {
    var stream = (CudaStream) cuda.takeStream();
    var random = new Random(5);
    var tensors = new ArrayList<Tensor>();
    var arguments = new ArrayList<Object>();
    for (Object argument : launch.arguments) {
      if (argument == LENGTHS) {
        var lengths = arena.empty(DType.INT32, Shape.of(ROWS));
        arguments.add(lengths.set(new int[] {0, 7, 3, 4, 2, 5, 1, 6, 3}));
      } else if (argument instanceof Operand operand) {
        boolean wide = operand.state && type != DType.FLOAT64;
        var stored = wide ? DType.FLOAT32 : type;
        var tensor = arena.empty(stored, Shape.of(operand.count));
        upload(stream, tensor, numbers(random, operand.count));
        tensors.add(tensor);
        arguments.add(tensor);
      } else {
        arguments.add(argument);
      }
    }
    stream.launch(
        launch.module,
        launch.kernel + CudaStream.suffix(type),
        Grid.of(launch.threads),
        arguments.toArray());
    var after = tensors.stream().map(tensor -> download(stream, tensor)).toList();
    cuda.giveBack(stream);
    return after;
  }

  private static double[] numbers(Random random, int count) {
    var values = new double[count];
    for (int i = 0; i < count; i++) {
      // Eight bits: every type holds them.
      values[i] = (random.nextInt(255) + 1) / 256.0;
    }
    return values;
  }

  private static void upload(CudaStream stream, Tensor to, double[] values) {
    try (var host = Arena.ofConfined()) {
      var bytes = host.allocate(to.bytes(), 8);
      for (int i = 0; i < values.length; i++) {
        set(bytes, to.type(), i, values[i]);
      }
      cuda.backend().upload(stream, bytes, to);
      stream.synchronize();
    }
  }

  private static void set(MemorySegment bytes, DType type, int i, double value) {
    float narrow = (float) value;
    switch (type) {
      case FLOAT64 -> bytes.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
      case FLOAT32 -> bytes.setAtIndex(ValueLayout.JAVA_FLOAT, i, narrow);
      case FLOAT16 -> bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(narrow));
      case BFLOAT16 ->
          bytes.setAtIndex(
              ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(narrow) >>> 16));
      default -> throw new AssertionError(type);
    }
  }

  private static double[] download(CudaStream stream, Tensor from) {
    try (var host = Arena.ofConfined()) {
      var bytes = host.allocate(from.bytes(), 8);
      cuda.backend().download(stream, from, bytes);
      stream.synchronize();
      var values = new double[Math.toIntExact(from.shape().elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] =
            switch (from.type()) {
              case FLOAT64 -> bytes.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
              case FLOAT32 -> bytes.getAtIndex(ValueLayout.JAVA_FLOAT, i);
              case FLOAT16 -> Float.float16ToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, i));
              default -> Float.intBitsToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
            };
      }
      return values;
    }
  }
}
