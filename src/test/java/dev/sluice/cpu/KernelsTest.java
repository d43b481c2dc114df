package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every kernel against its sentence in Java, over sizes that vectors and threads do not divide. */
class KernelsTest {
  /** Large enough for more than one thread. */
  private static final int LARGE = 40_003;

  /** The types that the engine reckons in. */
  enum Type {
    FLOAT32(1.2e-7),
    FLOAT64(1e-15);

    final double rounding;

    Type(double rounding) {
      this.rounding = rounding;
    }
  }

  private Device device;
  private DeviceArena arena;
  private DType type;
  private double rounding;

  @BeforeEach
  void open() {
    device = Device.open(Device.Options.defaults().engine("cpu").threads(2));
    arena = device.arena();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  private void in(Type chosen) {
    type = DType.valueOf(chosen.name());
    rounding = chosen.rounding;
  }

  private Tensor random(long seed, long... dims) {
    return Samples.tensor(arena, type, seed, dims);
  }

  private Tensor of(double... values) {
    return arena.empty(type, Shape.of(values.length)).set(values);
  }

  private void run(String kernel, double[] scalars, Tensor... tensors) {
    var stream = device.takeStream();
    device.backend().kernel(kernel).run(stream, scalars, tensors);
    stream.synchronize();
    device.giveBack(stream);
  }

  private void run(String kernel, Tensor... tensors) {
    run(kernel, new double[0], tensors);
  }

  private void check(Tensor got, IntToDoubleFunction expected) {
    var values = got.doubles();
    for (int i = 0; i < values.length; i++) {
      double wanted = expected.applyAsDouble(i);
      double bound = Double.isNaN(wanted) ? 0 : rounding * Math.max(1, Math.abs(wanted));
      assertEquals(wanted, values[i], bound, "element " + i);
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void unknownNamesAreRefusedWithTheKnownOnes() {
    var e = assertThrows(IllegalArgumentException.class, () -> device.backend().kernel("conjure"));
    assertTrue(e.getMessage().startsWith("kernel: expected one of ["), e.getMessage());
    assertTrue(e.getMessage().contains("sigmoid_backward"), e.getMessage());
    assertTrue(e.getMessage().endsWith(", got conjure"), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void fillAndCopyAndScale(Type chosen) {
    in(chosen);
    for (int n : new int[] {0, 1, 17, LARGE}) {
      var x = random(1, n);
      run("fill", new double[] {2.5}, x);
      check(x, i -> 2.5);
      run("fill", new double[] {0}, x);
      check(x, i -> 0);
      var from = random(2, n);
      run("copy", from, x);
      assertArrayEquals(from.doubles(), x.doubles());
      run("scale", new double[] {-3}, x);
      var before = from.doubles();
      check(x, i -> -3 * before[i]);
    }
  }

  @Test
  void fillsIntegers() {
    var x = arena.empty(DType.INT32, Shape.of(3)).set(new int[3]);
    run("fill", new double[] {-7}, x);
    assertArrayEquals(new int[] {-7, -7, -7}, x.ints());
  }

  @ParameterizedTest
  @EnumSource
  void add(Type chosen) {
    in(chosen);
    for (int n : new int[] {0, 1, 15, 17, LARGE}) {
      var from = random(1, n);
      var to = random(2, n);
      var a = from.doubles();
      var b = to.doubles();
      run("add", from, to);
      check(to, i -> a[i] + b[i]);
      assertArrayEquals(a, from.doubles());
    }
  }

  @ParameterizedTest
  @EnumSource
  void sigmoidAndItsBackward(Type chosen) {
    in(chosen);
    for (int n : new int[] {1, 17, LARGE}) {
      var x = random(1, n);
      run("scale", new double[] {30}, x);
      var y = random(2, n);
      run("sigmoid", x, y);
      var a = x.doubles();
      check(y, i -> sigmoid(a[i]));
      var s = y.doubles();
      var dy = random(3, n);
      var dx = random(4, n);
      var d = dy.doubles();
      var old = dx.doubles();
      run("sigmoid_backward", y, dy, dx);
      check(dx, i -> old[i] + d[i] * s[i] * (1 - s[i]));
      run("sigmoid", x, x);
      assertArrayEquals(s, x.doubles(), "in place");
    }
  }

  @Test
  void smallProbabilitiesKeepTheirDigits() {
    in(Type.FLOAT32);
    int n = 256;
    var x = arena.empty(type, Shape.of(n));
    var values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = -80.0 * i / n;
    }
    run("sigmoid", x.set(values), x);
    var got = x.doubles();
    for (int i = 0; i < n; i++) {
      double wanted = sigmoid(values[i]);
      assertEquals(wanted, got[i], 4 * rounding * wanted, "element " + i);
    }
  }

  @Test
  void sigmoidAtItsEnds() {
    in(Type.FLOAT64);
    var x = of(-1e9, 1e9, Double.NaN, Double.NEGATIVE_INFINITY);
    run("sigmoid", x, x);
    assertArrayEquals(new double[] {0, 1, Double.NaN, 0}, x.doubles());
  }

  @ParameterizedTest
  @EnumSource
  void biasesAndColumnSums(Type chosen) {
    in(chosen);
    for (int columns : new int[] {1, 3, 16, 33, 130}) {
      for (int rows : new int[] {0, 1, 5, 400}) {
        var y = random(1, rows, columns);
        var b = random(2, columns);
        var before = y.doubles();
        var biases = b.doubles();
        run("add_bias", b, y);
        check(y, i -> before[i] + biases[i % columns]);
        run("column_sums", y, b);
        var whole = y.doubles();
        var sums = biases.clone();
        var sizes = new double[columns];
        for (int i = 0; i < whole.length; i++) {
          sums[i % columns] += whole[i];
          sizes[i % columns] += Math.abs(whole[i]);
        }
        var got = b.doubles();
        for (int j = 0; j < columns; j++) {
          // The bound for sums of so many terms (Higham 2002, equation 4.4).
          double bound = rounding * (1 + rows * sizes[j]);
          assertEquals(sums[j], got[j], bound, "column " + j);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void permuteMovesEveryElement(Type chosen) {
    in(chosen);
    var random = new Random(7);
    for (int round = 0; round < 60; round++) {
      int rank = 1 + random.nextInt(6);
      var axes = random.ints(0, rank).distinct().limit(rank).toArray();
      var sizes = random.ints(rank, 1, 5).toArray();
      permute(axes, sizes);
    }
    // Of more than one thread's planes: rows with and without gaps.
    permute(new int[] {0, 2, 1, 3}, new int[] {9, 40, 7, 19});
    permute(new int[] {3, 0, 2, 1}, new int[] {9, 40, 7, 19});
  }

  private void permute(int[] axes, int[] sizes) {
    int rank = axes.length;
    var scalars = new double[2 * rank];
    int count = 1;
    for (int i = 0; i < rank; i++) {
      scalars[i] = axes[i];
      scalars[rank + i] = sizes[i];
      count *= sizes[i];
    }
    var x = random(1, count);
    var y = random(2, count);
    var from = x.doubles();
    var old = y.doubles();
    var expected = new double[count];
    for (int e = 0; e < count; e++) {
      // The index of element e of x, axis by axis; then where it stands in y.
      var index = new int[rank];
      for (int axis = rank - 1, rest = e; axis >= 0; rest /= sizes[axis--]) {
        index[axis] = rest % sizes[axis];
      }
      int at = 0;
      for (int axis : axes) {
        at = at * sizes[axis] + index[axis];
      }
      expected[at] = from[e];
    }
    run("permute_add", scalars, x, y);
    check(y, i -> old[i] + expected[i]);
    run("permute", scalars, x, y);
    assertArrayEquals(expected, y.doubles());
  }

  @ParameterizedTest
  @EnumSource
  void columnsOfAConcatenation(Type chosen) {
    in(chosen);
    var part = random(1, 5, 4);
    var whole = random(2, 5, 9);
    var p = part.doubles();
    var w = whole.doubles();
    run("columns", new double[] {3, 1, 6}, part, whole);
    check(whole, i -> i % 9 < 6 ? w[i] : p[i / 9 * 4 + 1 + i % 9 - 6]);
    var now = whole.doubles();
    run("columns_add", new double[] {2, 7, 0}, whole, part);
    check(part, i -> p[i] + (i % 4 < 2 ? now[i / 4 * 9 + 7 + i % 4] : 0));
  }

  @ParameterizedTest
  @EnumSource
  void meanSquaredError(Type chosen) {
    in(chosen);
    for (int n : new int[] {1, 17, LARGE}) {
      var p = random(1, n);
      var y = random(2, n);
      var a = p.doubles();
      var b = y.doubles();
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
      }
      double mean = sum / n;
      var loss = of(0);
      run("mse", p, y, loss);
      check(loss, i -> mean);
      var dp = random(3, n);
      var old = dp.doubles();
      run("mse_backward", p, y, of(4), dp);
      check(dp, i -> old[i] + 4 * 2 * (a[i] - b[i]) / n);
    }
  }

  @ParameterizedTest
  @EnumSource
  void crossEntropyOfLogits(Type chosen) {
    in(chosen);
    for (int n : new int[] {1, 17, LARGE}) {
      var x = random(1, n);
      run("scale", new double[] {8}, x);
      var y = random(2, n);
      run("sigmoid", y, y);
      var a = x.doubles();
      var b = y.doubles();
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum -= b[i] * Math.log(sigmoid(a[i])) + (1 - b[i]) * Math.log(sigmoid(-a[i]));
      }
      double mean = sum / n;
      var loss = of(0);
      run("bce_logits", x, y, loss);
      assertEquals(mean, loss.doubles()[0], Math.max(rounding, 1e-13) * Math.max(1, mean));
      var dx = random(3, n);
      var old = dx.doubles();
      run("bce_logits_backward", x, y, of(3), dx);
      check(dx, i -> old[i] + 3 * (sigmoid(a[i]) - b[i]) / n);
    }
  }

  @Test
  void crossEntropyOfLargeLogitsIsFinite() {
    in(Type.FLOAT32);
    var loss = of(0);
    run("bce_logits", of(1e4, -1e4), of(1, 0), loss);
    check(loss, i -> 0);
    run("bce_logits", of(1e4, -1e4), of(0, 1), loss);
    check(loss, i -> 1e4);
  }

  @ParameterizedTest
  @EnumSource
  void normsAndBounds(Type chosen) {
    in(chosen);
    var x = of(3, -4, 1.5, 0);
    var sum = of(10);
    run("sum_squares", x, sum);
    check(sum, i -> 10 + 9 + 16 + 2.25);
    var largest = of(2);
    run("max_abs", x, largest);
    check(largest, i -> 4);
    run("max_abs", of(1), largest);
    check(largest, i -> 4);
    run("max_abs", of(1, Double.NaN, 2), largest);
    check(largest, i -> Double.NaN);
    run("clamp", new double[] {2}, x);
    assertArrayEquals(new double[] {2, -2, 1.5, 0}, x.doubles());
    var nan = of(Double.NaN, Double.NEGATIVE_INFINITY);
    run("clamp", new double[] {2}, nan);
    assertArrayEquals(new double[] {Double.NaN, -2}, nan.doubles());
  }

  @ParameterizedTest
  @EnumSource
  void adamTakesItsStep(Type chosen) {
    in(chosen);
    for (int n : new int[] {1, 17, LARGE}) {
      var w = random(1, n);
      var g = random(2, n);
      var m = random(3, n);
      var v = random(4, n);
      run("sigmoid", v, v);
      var w0 = w.doubles();
      var g0 = g.doubles();
      var m0 = m.doubles();
      var v0 = v.doubles();
      run("adam", new double[] {0.01, 0.9, 0.99, 0.5, 1e-3, 0.1, 0.75}, w, g, m, v);
      IntToDoubleFunction kept = i -> 0.75 * w0[i];
      IntToDoubleFunction decayed = i -> g0[i] + 0.1 * kept.applyAsDouble(i);
      IntToDoubleFunction first = i -> 0.9 * m0[i] + 0.1 * decayed.applyAsDouble(i);
      IntToDoubleFunction second =
          i -> 0.99 * v0[i] + 0.01 * decayed.applyAsDouble(i) * decayed.applyAsDouble(i);
      check(m, first);
      check(v, second);
      check(
          w,
          i ->
              kept.applyAsDouble(i)
                  - 0.01
                      * first.applyAsDouble(i)
                      / (Math.sqrt(second.applyAsDouble(i)) / 0.5 + 1e-3));
      assertArrayEquals(new double[n], g.doubles());
    }
  }

  @Test
  void typesThatTheEngineDoesNotReckonInAreRefused() {
    type = DType.FLOAT16;
    var x = arena.zeros(DType.FLOAT16, Shape.of(3));
    var e = assertThrows(IllegalArgumentException.class, () -> run("sigmoid", x, x));
    assertEquals("cpu engine: expected FLOAT32 or FLOAT64 elements, got FLOAT16", e.getMessage());
  }
}
