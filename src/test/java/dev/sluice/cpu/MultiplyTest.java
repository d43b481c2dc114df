package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.spi.Product;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products of all transpositions against the definition. */
class MultiplyTest {
  private static final int[] SIZES = {1, 2, 7, 16, 33, 70};

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void agreesWithTheDefinition(DType type) {
    try (var device = Device.open("cpu")) {
      for (int m : SIZES) {
        for (int n : SIZES) {
          for (int k : SIZES) {
            for (int variant = 0; variant < 8; variant++) {
              boolean a = (variant & 1) != 0;
              boolean b = (variant & 2) != 0;
              compare(device, type, new Product(m, n, k, a, b, variant / 4));
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void takesEmptySizes(DType type) {
    try (var device = Device.open("cpu")) {
      for (int beta = 0; beta < 2; beta++) {
        compare(device, type, new Product(3, 4, 0, false, true, beta));
        compare(device, type, new Product(0, 4, 2, false, false, beta));
        compare(device, type, new Product(3, 0, 2, true, false, beta));
      }
    }
  }

  /** float32 goes in slices. */
  @Test
  void deepProductsAgreeWithTheDefinition() {
    try (var device = Device.open("cpu")) {
      for (int k : new int[] {OneDnn.SAFE_DEPTH, OneDnn.SAFE_DEPTH + 1, 300}) {
        for (int variant = 0; variant < 8; variant++) {
          boolean a = (variant & 1) != 0;
          boolean b = (variant & 2) != 0;
          compare(device, DType.FLOAT32, new Product(5, 19, k, a, b, variant / 4));
        }
      }
    }
  }

  /** As weight gradients of long sequences are; what goes by primitives, too. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bitsOfLargeProductsDoNotDependOnThreads(boolean transposeA) {
    var p = new Product(64, 130, 2200, transposeA, false, 1);
    var a = Samples.floats(1, p.rows() * p.depth());
    var b = Samples.floats(2, p.depth() * p.columns());
    var old = Samples.floats(3, p.rows() * p.columns());
    double[] expected = null;
    for (int threads = 1; threads <= 4; threads++) {
      try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(threads))) {
        var got = product(device, DType.FLOAT32, p, a, b, old);
        expected = expected == null ? got : expected;
        assertArrayEquals(expected, got, threads + " threads");
      }
    }
  }

  private static void compare(Device device, DType type, Product p) {
    int m = (int) p.rows();
    int n = (int) p.columns();
    int k = (int) p.depth();
    var a = Samples.floats(1, (long) m * k);
    var b = Samples.floats(2, (long) k * n);
    // What beta = 0 overwrites is not read: it may be anything.
    var old = p.beta() == 0 ? nan(m * n) : Samples.floats(3, (long) m * n);
    var expected = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = p.beta() == 0 ? 0 : old[i * n + j];
        for (int q = 0; q < k; q++) {
          sum +=
              (double) a[p.transposeA() ? q * m + i : i * k + q]
                  * b[p.transposeB() ? j * k + q : q * n + j];
        }
        expected[i * n + j] = sum;
      }
    }
    assertArrayEquals(
        expected,
        product(device, type, p, a, b, old),
        type == DType.FLOAT32 ? 4e-6 : 1e-13,
        type + " " + p);
  }

  private static double[] product(
      Device device, DType type, Product p, float[] a, float[] b, float[] old) {
    try (var arena = device.arena()) {
      var stream = device.takeStream();
      var c = arena.empty(type, Shape.of(p.rows(), p.columns())).set(old);
      device
          .backend()
          .multiply(
              stream,
              p,
              arena.empty(type, Shape.of(p.rows(), p.depth())).set(a),
              arena.empty(type, Shape.of(p.depth(), p.columns())).set(b),
              c);
      device.giveBack(stream);
      return c.doubles();
    }
  }

  private static float[] nan(int count) {
    var values = new float[count];
    Arrays.fill(values, Float.NaN);
    return values;
  }

  @Test
  void refusesNegativeSizes() {
    assertThrows(IllegalArgumentException.class, () -> new Product(-1, 2, 3, false, false, 0));
  }
}
