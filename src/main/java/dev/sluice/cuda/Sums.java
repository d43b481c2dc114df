package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.Tensor;

/**
 * Sums over many elements in two launches, the same in every run: how many partial sums there are
 * depends on the sizes alone, and they are added in order.
 */
final class Sums {
  private static final int ELEMENTS_A_BLOCK = 2048;
  private static final int MOST_BLOCKS = 256;
  private static final int ROWS_A_CHUNK = 256;
  private static final int MOST_CHUNKS = 64;

  private Sums() {}

  /** {@return blocks that leave a partial sum each, at least one} */
  static Grid blocks(long elements) {
    return Grid.blocks(Math.min((elements + ELEMENTS_A_BLOCK - 1) / ELEMENTS_A_BLOCK, MOST_BLOCKS));
  }

  /** {@return blocks that take chunks of a table, at least one} */
  static Grid chunks(long chunks) {
    return Grid.blocks(Math.min(chunks, MOST_BLOCKS));
  }

  /** {@return room for a partial sum of each block} */
  static long partials(CudaStream stream, Grid grid) {
    return stream.scratch(8L * grid.x());
  }

  /**
   * Ends a sum.
   *
   * @param partials of each block of the grid
   * @param into [1] {@code (+)=} factor times their sum
   */
  static void finish(
      CudaStream stream, long partials, Grid grid, Tensor into, double factor, boolean add) {
    Family.of(stream, "sums", into)
        .launch(
            "finish_sum",
            Grid.blocks(1),
            partials,
            (long) grid.x(),
            into,
            factor,
            Family.flag(add));
  }

  /**
   * Adds the sums of a matrix's first columns to two vectors.
   *
   * @param from [rows, stride], a tensor or an address
   * @param stride elements from one row to the next
   * @param a [columns], a tensor or an address
   * @param b likewise, or null
   */
  static void addColumns(
      CudaStream stream,
      DType type,
      Object from,
      long rows,
      long stride,
      int columns,
      Object a,
      Object b) {
    if (rows == 0 || columns == 0) {
      return;
    }
    int chunks = Math.clamp(rows / ROWS_A_CHUNK, 1, MOST_CHUNKS);
    long partials = stream.scratch(8L * chunks * columns);
    var sums = new Family(stream, "sums", CudaStream.suffix(type));
    var grid = new Grid((columns + 31) / 32, chunks, 256, 0);
    sums.launch("column_partials", grid, from, rows, stride, columns, partials);
    sums.elements("finish_columns", columns, partials, chunks, columns, a, b);
  }
}
