package dev.sluice.cuda;

/**
 * How a kernel is launched.
 *
 * @param x blocks
 * @param y blocks along the second axis
 * @param block threads a block
 * @param shared bytes of dynamic shared memory a block
 */
record Grid(int x, int y, int block, int shared) {
  private static final int BLOCK = 256;
  private static final int MOST = 65535;

  /** Blocks for so many elements; kernels loop where there are more than the grid has threads. */
  static Grid of(long elements) {
    return blocks((elements + BLOCK - 1) / BLOCK);
  }

  /** So many blocks, at least one; kernels loop where there are more than a grid may have. */
  static Grid blocks(long blocks) {
    return new Grid(Math.clamp(blocks, 1, MOST), 1, BLOCK, 0);
  }
}
