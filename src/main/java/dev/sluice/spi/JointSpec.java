package dev.sluice.spi;

import dev.sluice.DType;
import java.util.List;

/**
 * The sum of the convolutions of several tensors whose frames are alike, with stride 1 and zero
 * padding {@code kernel / 2}: {@code x_i: [N, H, W, C_i]}, {@code w_i: [K, C_i, k, k]}, to K
 * columns of {@code y: [N, H, W, columns]}.
 *
 * @param type of every tensor
 * @param batch N
 * @param height H
 * @param width W
 * @param inputs C_i
 * @param outputs K
 * @param kernelHeight kh, odd
 * @param kernelWidth kw, odd
 * @param first the first of y's columns that are meant
 * @param columns of y
 */
public record JointSpec(
    DType type,
    int batch,
    int height,
    int width,
    List<Integer> inputs,
    int outputs,
    int kernelHeight,
    int kernelWidth,
    int first,
    int columns) {
  /** Checks the sizes. */
  public JointSpec {
    inputs = List.copyOf(inputs);
    if (inputs.isEmpty() || first < 0 || first + outputs > columns) {
      throw new IllegalArgumentException(
          "joint convolution: expected inputs, and columns of y for K %d, got %s, %d to %d of %d"
              .formatted(outputs, inputs, first, first + outputs, columns));
    }
    for (int channels : inputs) {
      new ConvSpec(type, batch, height, width, channels, outputs, kernelHeight, kernelWidth, false);
    }
  }

  /**
   * {@return the convolution of one of the tensors}
   *
   * @param channels its C
   */
  public ConvSpec of(int channels) {
    return new ConvSpec(
        type, batch, height, width, channels, outputs, kernelHeight, kernelWidth, false);
  }
}
