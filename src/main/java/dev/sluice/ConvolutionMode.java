package dev.sluice;

/**
 * Which algorithms an engine may compute convolutions by; of those it takes the fastest. Winograd's
 * has a fraction of the multiplications of the direct one, but sums of transformed frames cancel,
 * the more so the larger its tiles. The CPU engine has all modes; the CUDA engine has {@link
 * #FAST}, where cuDNN chooses.
 */
public enum ConvolutionMode {
  /**
   * All that hold the tolerances of float32: 1e-5 of an output's size, 1e-4 of a gradient's. A
   * gradient that sums very many pixels, most of which cancel, may miss that by the elements that
   * are near zero: of a 5x5 convolution's weights it is off by 3e-6 of its root mean square, by the
   * direct one by 2e-7 to 7e-7.
   */
  FAST,
  /** The direct one, and Winograd's with tiles so small that a cell is about as accurate. */
  STRICT,
  /** The direct one. */
  DIRECT
}
