package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * U = G w G^T: weights [K, C, taps, taps] to 36 or 64 matrices [C, K] with room for whole vectors.
 *
 * @param first row of the matrices, whose others may belong to other weights
 */
record WinogradWeights(
    WinogradTransform transform,
    int inputs,
    int outputs,
    int first,
    int paddedInputs,
    int paddedOutputs) {
  private int taps() {
    return transform.taps;
  }

  private int points() {
    return transform.points;
  }

  private long at(int point, int c) {
    return ((long) point * paddedInputs + first + c) * paddedOutputs;
  }

  /** Where the taps of an output and an input begin in the weights. */
  private long tapsOf(int k, int c) {
    return ((long) k * inputs + c) * taps() * taps();
  }

  void forward(Team team, MemorySegment w, MemorySegment u) {
    team.run(
        inputs,
        1,
        (from, to) -> {
          var arrays = WinogradArrays.of(points() * paddedOutputs);
          for (int c = from; c < to; c++) {
            read(w, c, arrays[0]);
            transform.taps(arrays, paddedOutputs);
            for (int p = 0; p < points(); p++) {
              Lanes.copy(arrays[0], p * paddedOutputs, u, at(p, c), paddedOutputs);
            }
          }
        });
  }

  private void read(MemorySegment w, int c, float[] few) {
    if (outputs < paddedOutputs) {
      Arrays.fill(few, 0, taps() * taps() * paddedOutputs, 0);
    }
    for (int k = 0; k < outputs; k++) {
      long first = tapsOf(k, c);
      for (int e = 0; e < taps() * taps(); e++) {
        few[e * paddedOutputs + k] = w.getAtIndex(ValueLayout.JAVA_FLOAT, first + e);
      }
    }
  }

  /** dw += G^T dU G. */
  void backward(Team team, MemorySegment u, MemorySegment w) {
    team.run(
        inputs,
        1,
        (from, to) -> {
          var arrays = WinogradArrays.of(points() * paddedOutputs);
          for (int c = from; c < to; c++) {
            for (int p = 0; p < points(); p++) {
              Lanes.copy(u, at(p, c), arrays[0], p * paddedOutputs, paddedOutputs);
            }
            transform.tapsBack(arrays, paddedOutputs);
            add(arrays[0], w, c);
          }
        });
  }

  private void add(float[] few, MemorySegment w, int c) {
    for (int k = 0; k < outputs; k++) {
      long first = tapsOf(k, c);
      for (int e = 0; e < taps() * taps(); e++) {
        float sum = w.getAtIndex(ValueLayout.JAVA_FLOAT, first + e) + few[e * paddedOutputs + k];
        w.setAtIndex(ValueLayout.JAVA_FLOAT, first + e, sum);
      }
    }
  }
}
