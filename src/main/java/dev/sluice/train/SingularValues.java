package dev.sluice.train;

import java.util.Arrays;

/**
 * Singular values of a square matrix by Jacobi's rotations of one side (Hestenes 1958): columns are
 * turned, two at a time, until all are orthogonal; their lengths are the values. Exact to rounding
 * where a power iteration stalls at two values that are close.
 */
final class SingularValues {
  private static final int SWEEPS = 60;

  private SingularValues() {}

  /** The largest of a matrix [size, size], row-major. */
  static double largest(double[] matrix, int size) {
    // Rows in place of columns: the values of the transpose are the same.
    var rows = new double[size][];
    for (int i = 0; i < size; i++) {
      rows[i] = Arrays.copyOfRange(matrix, i * size, (i + 1) * size);
    }
    boolean turned = true;
    for (int sweep = 0; turned && sweep < SWEEPS; sweep++) {
      turned = false;
      for (int i = 0; i < size; i++) {
        for (int j = i + 1; j < size; j++) {
          turned |= orthogonalise(rows[i], rows[j]);
        }
      }
    }
    double largest = 0;
    for (var row : rows) {
      largest = Math.max(largest, Math.sqrt(dot(row, row)));
    }
    return largest;
  }

  /** Turns two rows until they are orthogonal; false if they were. */
  private static boolean orthogonalise(double[] a, double[] b) {
    double aa = dot(a, a);
    double bb = dot(b, b);
    double ab = dot(a, b);
    if (!(Math.abs(ab) > 1e-15 * Math.sqrt(aa * bb))) {
      return false;
    }
    double zeta = (bb - aa) / (2 * ab);
    double tangent = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
    double cosine = 1 / Math.sqrt(1 + tangent * tangent);
    for (int k = 0; k < a.length; k++) {
      double value = a[k];
      a[k] = cosine * (value - tangent * b[k]);
      b[k] = cosine * (tangent * value + b[k]);
    }
    return true;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }
}
