package dev.sluice;

/**
 * Which algorithms an engine may compute convolutions by; of those it takes the fastest. Winograd's
 * has a fraction of the multiplications of the direct one, but sums of transformed frames cancel,
 * the more so the larger its tiles. The CPU engine has all modes; the CUDA engine has {@link
 * #FAST}, where cuDNN chooses.
 */
public enum ConvolutionMode {
  /** All that hold the tolerances of float32. */
  FAST,
  /** The direct one, and Winograd's with tiles so small that a cell is about as accurate. */
  STRICT,
  /** The direct one. */
  DIRECT
}
