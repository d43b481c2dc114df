package dev.sluice.spi;

import dev.sluice.DType;

/**
 * A convolutional cell and the sequence it runs over.
 *
 * @param kind which cell
 * @param type of every tensor
 * @param steps T; 1 for a single step
 * @param batch N
 * @param height H
 * @param width W
 * @param inputs C, 0 for a cell that gets no input
 * @param hidden K
 * @param kernelHeight kh, odd
 * @param kernelWidth kw, odd
 * @param peephole whether the gates look at the cell
 * @param training whether backward will be asked for
 */
public record CellSpec(
    Kind kind,
    DType type,
    int steps,
    int batch,
    int height,
    int width,
    int inputs,
    int hidden,
    int kernelHeight,
    int kernelWidth,
    boolean peephole,
    boolean training) {
  /** The cells that have a name. */
  public enum Kind {
    /**
     * ConvLSTM (Shi 2015). Weights: x [4K, C, kh, kw] where there is an input, h [4K, K, kh, kw],
     * bias [4K], and with peepholes i, f, o [K, H, W] each; gate order i, f, g, o.
     */
    CONV_LSTM
  }

  /** Checks the sizes. */
  public CellSpec {
    if (steps < 1 || batch < 1 || height < 1 || width < 1 || inputs < 0 || hidden < 1) {
      throw new IllegalArgumentException(
          "cell: expected T, N, H, W, K >= 1 and C >= 0, got T "
              + steps
              + ", N "
              + batch
              + ", H "
              + height
              + ", W "
              + width
              + ", C "
              + inputs
              + ", K "
              + hidden);
    }
    ConvSpec.requireChannels("cell", inputs, hidden);
    ConvSpec.requireOdd(kernelHeight, kernelWidth);
  }

  /**
   * {@return the same cell over another number of steps}
   *
   * @param count T
   */
  public CellSpec steps(int count) {
    return new CellSpec(
        kind,
        type,
        count,
        batch,
        height,
        width,
        inputs,
        hidden,
        kernelHeight,
        kernelWidth,
        peephole,
        training);
  }
}
