package dev.sluice.spi;

import dev.sluice.DType;

/**
 * A two-dimensional cross-correlation with stride 1 and zero padding {@code kernel / 2} on each
 * axis: {@code x: [N, H, W, C]}, {@code w: [K, C, kh, kw]}, {@code y: [N, H, W, K]}.
 *
 * @param type of every tensor
 * @param batch N
 * @param height H
 * @param width W
 * @param inputs C
 * @param outputs K
 * @param kernelHeight kh, odd
 * @param kernelWidth kw, odd
 * @param bias whether there is one, [K]
 * @param normed whether y is normalised: that makes rounding errors of small sums large
 */
public record ConvSpec(
    DType type,
    int batch,
    int height,
    int width,
    int inputs,
    int outputs,
    int kernelHeight,
    int kernelWidth,
    boolean bias,
    boolean normed) {
  private static final int MOST_CHANNELS = 1 << 28;

  /** Checks the sizes. */
  public ConvSpec {
    if (batch < 1 || height < 1 || width < 1 || inputs < 1 || outputs < 1) {
      throw new IllegalArgumentException(
          "convolution: expected sizes >= 1, got N "
              + batch
              + ", H "
              + height
              + ", W "
              + width
              + ", C "
              + inputs
              + ", K "
              + outputs);
    }
    requireChannels("convolution", inputs, outputs);
    requireOdd(kernelHeight, kernelWidth);
  }

  /**
   * A convolution whose y is used as it is.
   *
   * @param type of every tensor
   * @param batch N
   * @param height H
   * @param width W
   * @param inputs C
   * @param outputs K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param bias whether there is one, [K]
   */
  public ConvSpec(
      DType type,
      int batch,
      int height,
      int width,
      int inputs,
      int outputs,
      int kernelHeight,
      int kernelWidth,
      boolean bias) {
    this(type, batch, height, width, inputs, outputs, kernelHeight, kernelWidth, bias, false);
  }

  /** So that no number of gates times channels overflows. */
  static void requireChannels(String what, int inputs, int outputs) {
    if (inputs >= MOST_CHANNELS || outputs >= MOST_CHANNELS) {
      throw new IllegalArgumentException(
          what + ": expected fewer than 2^28 channels, got C " + inputs + ", K " + outputs);
    }
  }

  static void requireOdd(int kernelHeight, int kernelWidth) {
    if (kernelHeight < 1 || kernelWidth < 1 || kernelHeight % 2 == 0 || kernelWidth % 2 == 0) {
      throw new IllegalArgumentException(
          "kernel: expected odd sizes, since the frame keeps its size, got "
              + kernelHeight
              + "x"
              + kernelWidth);
    }
  }
}
