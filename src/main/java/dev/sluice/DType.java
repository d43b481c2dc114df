package dev.sluice;

/** The type of a tensor's elements. */
public enum DType {
  /** IEEE 754 binary32, the default everywhere. */
  FLOAT32(4, true),
  /** IEEE 754 binary64; on the CPU engine only, for gradient checks. */
  FLOAT64(8, true),
  /** IEEE 754 binary16; storage and products on engines that have it. */
  FLOAT16(2, true),
  /** The upper half of a binary32; storage and products on engines that have it. */
  BFLOAT16(2, true),
  /** Signed 32-bit integers: lengths, tokens, labels. */
  INT32(4, false);

  private final int bytes;
  private final boolean floating;

  DType(int bytes, boolean floating) {
    this.bytes = bytes;
    this.floating = floating;
  }

  /** {@return bytes an element} */
  public int bytes() {
    return bytes;
  }

  /** {@return whether the elements are floating-point numbers} */
  public boolean floating() {
    return floating;
  }
}
