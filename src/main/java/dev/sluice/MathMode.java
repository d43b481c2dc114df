package dev.sluice;

/**
 * What an engine may round the factors of float32 products and convolutions to. Sums are float32 in
 * every mode, and so is every tensor; what an engine keeps within a whole sequence, and what a
 * convolution gives, may be rounded like the factors. The CPU engine has {@link #EXACT} and, on
 * CPUs with AMX, {@link #BFLOAT16}: single rows and small products stay exact.
 */
public enum MathMode {
  /** Nothing: every factor keeps its 24 bits. */
  EXACT,
  /** TF32: 11 bits, on devices that have it. */
  TF32,
  /** IEEE 754 binary16: 11 bits, and magnitudes of at most 65504. */
  FLOAT16,
  /** The upper half of a binary32: 8 bits. */
  BFLOAT16
}
