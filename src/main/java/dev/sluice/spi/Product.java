package dev.sluice.spi;

/**
 * A matrix product {@code c = beta * c + op(a) op(b)} with {@code c: [rows, columns]}.
 *
 * @param rows M
 * @param columns N
 * @param depth K
 * @param transposeA whether a is stored [K, M]
 * @param transposeB whether b is stored [N, K]
 * @param beta 0 overwrites c, 1 adds to it
 */
public record Product(
    long rows, long columns, long depth, boolean transposeA, boolean transposeB, float beta) {
  /** Checks the sizes. */
  public Product {
    if (rows < 0 || columns < 0 || depth < 0) {
      throw new IllegalArgumentException(
          "product: expected sizes >= 0, got M " + rows + ", N " + columns + ", K " + depth);
    }
  }
}
