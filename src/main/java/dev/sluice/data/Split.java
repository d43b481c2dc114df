package dev.sluice.data;

/**
 * Which part of a data set: what a model learns from, or what it is judged on. They never overlap.
 */
public enum Split {
  /** What a model learns from. */
  TRAIN,
  /** What a model is judged on. */
  TEST
}
