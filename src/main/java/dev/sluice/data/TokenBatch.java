package dev.sluice.data;

/**
 * Texts side by side, time-major, {@link Vocabulary#PADDING} past each one's end.
 *
 * @param steps T, the longest
 * @param tokens [T, N]
 * @param lengths of the N texts, 1 to T
 * @param labels of the N texts, 0 for the first class
 */
public record TokenBatch(int steps, int[] tokens, int[] lengths, int[] labels) {}
