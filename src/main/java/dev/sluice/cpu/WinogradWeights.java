package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * U = G w G^T: weights [K, C, taps, taps] to 36 matrices [C, K] with room for whole vectors.
 *
 * @param taps 3 or 5
 * @param first row of the matrices, whose others may belong to other weights
 */
record WinogradWeights(
    int taps, int inputs, int outputs, int first, int paddedInputs, int paddedOutputs) {
  private long at(int point, int c) {
    return ((long) point * paddedInputs + first + c) * paddedOutputs;
  }

  /** Where the taps of an output and an input begin in the weights. */
  private long tapsOf(int k, int c) {
    return ((long) k * inputs + c) * taps * taps;
  }

  void forward(Team team, MemorySegment w, MemorySegment u) {
    team.run(
        inputs,
        1,
        (from, to) -> {
          var arrays = WinogradArrays.of(36 * paddedOutputs);
          var few = arrays[0];
          var half = arrays[1];
          var many = arrays[2];
          for (int c = from; c < to; c++) {
            read(w, c, few);
            expand(few, half, many);
            for (int p = 0; p < 36; p++) {
              MemorySegment.copy(
                  many, p * paddedOutputs, u, ValueLayout.JAVA_FLOAT, 4 * at(p, c), paddedOutputs);
            }
          }
        });
  }

  private void read(MemorySegment w, int c, float[] few) {
    if (outputs < paddedOutputs) {
      Arrays.fill(few, 0, taps * taps * paddedOutputs, 0);
    }
    for (int k = 0; k < outputs; k++) {
      long first = tapsOf(k, c);
      for (int e = 0; e < taps * taps; e++) {
        few[e * paddedOutputs + k] = w.getAtIndex(ValueLayout.JAVA_FLOAT, first + e);
      }
    }
  }

  private void expand(float[] few, float[] half, float[] many) {
    int k = paddedOutputs;
    if (taps == 3) {
      WinogradVector.three(few, 0, 3 * k, half, 0, 3 * k, 3 * k);
    } else {
      WinogradVector.five(few, 0, 5 * k, half, 0, 5 * k, 5 * k);
    }
    for (int i = 0; i < 6; i++) {
      if (taps == 3) {
        WinogradVector.three(half, i * 3 * k, k, many, i * 6 * k, k, k);
      } else {
        WinogradVector.five(half, i * 5 * k, k, many, i * 6 * k, k, k);
      }
    }
  }

  /** dw += G^T dU G. */
  void backward(Team team, MemorySegment u, MemorySegment w) {
    team.run(
        inputs,
        1,
        (from, to) -> {
          var arrays = WinogradArrays.of(36 * paddedOutputs);
          var few = arrays[0];
          var half = arrays[1];
          var many = arrays[2];
          for (int c = from; c < to; c++) {
            for (int p = 0; p < 36; p++) {
              MemorySegment.copy(
                  u, ValueLayout.JAVA_FLOAT, 4 * at(p, c), many, p * paddedOutputs, paddedOutputs);
            }
            contract(many, half, few);
            add(few, w, c);
          }
        });
  }

  private void contract(float[] many, float[] half, float[] few) {
    int k = paddedOutputs;
    for (int i = 0; i < 6; i++) {
      if (taps == 3) {
        WinogradVector.threeBack(many, i * 6 * k, k, half, i * 3 * k, k, k);
      } else {
        WinogradVector.fiveBack(many, i * 6 * k, k, half, i * 5 * k, k, k);
      }
    }
    if (taps == 3) {
      WinogradVector.threeBack(half, 0, 3 * k, few, 0, 3 * k, 3 * k);
    } else {
      WinogradVector.fiveBack(half, 0, 5 * k, few, 0, 5 * k, 5 * k);
    }
  }

  private void add(float[] few, MemorySegment w, int c) {
    for (int k = 0; k < outputs; k++) {
      long first = tapsOf(k, c);
      for (int e = 0; e < taps * taps; e++) {
        float sum = w.getAtIndex(ValueLayout.JAVA_FLOAT, first + e) + few[e * paddedOutputs + k];
        w.setAtIndex(ValueLayout.JAVA_FLOAT, first + e, sum);
      }
    }
  }
}
