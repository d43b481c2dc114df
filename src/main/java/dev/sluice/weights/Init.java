package dev.sluice.weights;

import dev.sluice.Shape;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How a parameter begins where no file says so. Immutable; {@link Weights#random} supplies the
 * random numbers.
 *
 * <pre>{@code
 * uniform(1 / Math.sqrt(hidden));                          // PyTorch's RNN, LSTM, GRU
 * gates(hidden, zeros(), constant(1), zeros(), zeros());   // an LSTM bias i, f, g, o: f open
 * }</pre>
 */
public final class Init {
  private final String name;
  private final Fill fill;

  /** Writes shape.elements() numbers from out[at] on. */
  @FunctionalInterface
  private interface Fill {
    void into(double[] out, int at, Shape shape, Draws draws);
  }

  private Init(String name, Fill fill) {
    this.name = name;
    this.fill = fill;
  }

  /** {@return 0 everywhere} */
  public static Init zeros() {
    return constant(0);
  }

  /**
   * {@return one value everywhere}
   *
   * @param value finite
   */
  public static Init constant(double value) {
    finite("constant", value);
    return new Init(
        "constant(" + value + ")",
        (out, at, shape, draws) -> Arrays.fill(out, at, at + size(shape), value));
  }

  /**
   * {@return uniform on [-bound, bound)}
   *
   * @param bound 0 or more
   */
  public static Init uniform(double bound) {
    notNegative("uniform", bound);
    return new Init(
        "uniform(" + bound + ")",
        (out, at, shape, draws) -> {
          for (int i = at; i < at + size(shape); i++) {
            out[i] = bound * (2 * draws.uniform() - 1);
          }
        });
  }

  /**
   * {@return Gaussian with mean 0}
   *
   * @param sd standard deviation, 0 or more
   */
  public static Init normal(double sd) {
    notNegative("normal", sd);
    return new Init(
        "normal(" + sd + ")",
        (out, at, shape, draws) -> {
          for (int i = at; i < at + size(shape); i++) {
            out[i] = sd * draws.gaussian();
          }
        });
  }

  /**
   * {@return uniform on +-sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010)} The fans are the
   * caller's: Keras counts all gates of a kernel as its fan out.
   *
   * @param fanIn 1 or more
   * @param fanOut 1 or more
   */
  public static Init xavierUniform(long fanIn, long fanOut) {
    if (fanIn < 1 || fanOut < 1) {
      throw new IllegalArgumentException(
          "Init.xavierUniform: expected fans of 1 or more, got " + fanIn + " and " + fanOut);
    }
    return uniform(Math.sqrt(6 / ((double) fanIn + fanOut)));
  }

  /**
   * {@return a random orthogonal matrix (Saxe 2013)} Rows are orthonormal if there are at most as
   * many as columns, else columns are. It is Q of the QR decomposition of a Gaussian matrix with
   * diag(R) positive, hence uniform over the orthogonal matrices (Mezzadri 2007). Over a stacked
   * matrix [G * H, H] it makes columns orthonormal but not the H x H blocks; {@link #gates} of
   * orthogonal(H, H) makes each block so.
   *
   * @param rows of the matrix
   * @param cols of the matrix; the parameter has any shape of rows * cols elements
   */
  public static Init orthogonal(int rows, int cols) {
    if (rows < 1 || cols < 1) {
      throw new IllegalArgumentException(
          "Init.orthogonal: expected sizes of 1 or more, got " + rows + " and " + cols);
    }
    String name = "orthogonal(" + rows + ", " + cols + ")";
    return new Init(
        name,
        (out, at, shape, draws) -> {
          if (shape.elements() != (long) rows * cols) {
            throw misfit(name, (long) rows * cols + " elements", shape);
          }
          double[][] basis = orthonormal(Math.min(rows, cols), Math.max(rows, cols), draws);
          for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
              out[at + r * cols + c] = rows <= cols ? basis[r][c] : basis[c][r];
            }
          }
        });
  }

  /**
   * Gram and Schmidt's Q, whose R has a positive diagonal without a sign fix. Each vector goes
   * twice over those before it, which makes it orthogonal to rounding (Giraud 2005).
   */
  private static double[][] orthonormal(int count, int length, Draws draws) {
    var basis = new double[count][length];
    for (int k = 0; k < count; k++) {
      double[] v = basis[k];
      double norm;
      do {
        for (int i = 0; i < length; i++) {
          v[i] = draws.gaussian();
        }
        for (int j = 0; j < 2 * k; j++) {
          double[] q = basis[j % k];
          add(-dot(q, v), q, v);
        }
        norm = Math.sqrt(dot(v, v));
      } while (norm < 1e-8); // never in practice: the vector lay in the span of the others
      for (int i = 0; i < length; i++) {
        v[i] /= norm;
      }
    }
    return basis;
  }

  private static double dot(double[] a, double[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    // Four sums: one alone waits for each addition.
    for (; i + 3 < a.length; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) {
      s0 += a[i] * b[i];
    }
    return s0 + s1 + (s2 + s3);
  }

  private static void add(double factor, double[] from, double[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * from[i];
    }
  }

  /**
   * {@return scale on the diagonal of a matrix [R, C], 0 elsewhere (Le 2015: IRNN)}
   *
   * @param scale finite
   */
  public static Init identity(double scale) {
    finite("identity", scale);
    String name = "identity(" + scale + ")";
    return new Init(
        name,
        (out, at, shape, draws) -> {
          if (shape.rank() != 2) {
            throw misfit(name, "[R, C]", shape);
          }
          Arrays.fill(out, at, at + size(shape), 0);
          for (int i = 0; i < Math.min(shape.size(0), shape.size(1)); i++) {
            out[at + i * shape.size(1) + i] = scale;
          }
        });
  }

  /**
   * {@return an initialiser for each gate's block [H, ...] of a parameter [G * H, ...]}
   *
   * @param hidden H
   * @param perGate G initialisers, in the order of the blocks
   */
  public static Init gates(int hidden, Init... perGate) {
    if (hidden < 1 || perGate.length == 0) {
      throw new IllegalArgumentException(
          "Init.gates: expected a hidden size of 1 or more and at least one gate, got "
              + hidden
              + " and "
              + perGate.length);
    }
    Init[] gates = perGate.clone();
    String list = Arrays.stream(gates).map(Init::toString).collect(Collectors.joining(", "));
    String name = "gates(" + hidden + ", " + list + ")";
    return new Init(
        name,
        (out, at, shape, draws) -> {
          long rows = (long) hidden * gates.length;
          if (shape.rank() == 0 || shape.dim(0) != rows) {
            throw misfit(name, "[" + rows + ", ...]", shape);
          }
          Shape block = shape.inner().outer(hidden);
          for (int g = 0; g < gates.length; g++) {
            gates[g].fill.into(out, at + g * size(block), block, draws);
          }
        });
  }

  double[] values(Shape shape, Draws draws) {
    if (shape.elements() > Integer.MAX_VALUE - 8) {
      throw misfit(name, "fewer than 2^31 elements", shape);
    }
    var out = new double[size(shape)];
    fill.into(out, 0, shape, draws);
    return out;
  }

  private static int size(Shape shape) {
    return (int) shape.elements();
  }

  private static void finite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "Init." + what + ": expected a finite number, got " + value);
    }
  }

  private static void notNegative(String what, double value) {
    if (!(value >= 0 && value <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "Init." + what + ": expected a finite number of 0 or more, got " + value);
    }
  }

  private static IllegalArgumentException misfit(String name, String expected, Shape shape) {
    return new IllegalArgumentException(
        "Init." + name + ": expected " + expected + ", got shape " + shape);
  }

  @Override
  public String toString() {
    return name;
  }
}
