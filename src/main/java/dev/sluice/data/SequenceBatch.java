package dev.sluice.data;

import dev.sluice.Shape;

/**
 * Sequences side by side, time-major, zero past each one's end.
 *
 * @param shape [T, N, C], T the longest
 * @param x the values
 * @param lengths of the N sequences, 1 to T
 * @param labels of the N sequences, 0 for the first class
 */
public record SequenceBatch(Shape shape, float[] x, int[] lengths, int[] labels) {}
