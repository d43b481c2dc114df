package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * U = G w G^T: weights [K, C, taps, taps] to 36 or 64 matrices [C, K] with room for whole vectors.
 *
 * @param taps 3 or 5
 * @param first row of the matrices, whose others may belong to other weights
 */
record WinogradWeights(
    int taps, int inputs, int outputs, int first, int paddedInputs, int paddedOutputs) {
  /** Points along one axis. */
  private int size() {
    return taps + 3;
  }

  private int points() {
    return size() * size();
  }

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
          var arrays = WinogradArrays.of(points() * paddedOutputs);
          var few = arrays[0];
          var half = arrays[1];
          var many = arrays[2];
          for (int c = from; c < to; c++) {
            read(w, c, few);
            expand(few, half, many);
            for (int p = 0; p < points(); p++) {
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
    int row = taps * k;
    if (taps == 3) {
      WinogradVector.taps(few, 0, row, half, 0, row, row);
    } else {
      WinogradFiveVector.taps(few, 0, row, half, 0, row, row);
    }
    for (int i = 0; i < size(); i++) {
      if (taps == 3) {
        WinogradVector.taps(half, i * row, k, many, i * size() * k, k, k);
      } else {
        WinogradFiveVector.taps(half, i * row, k, many, i * size() * k, k, k);
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
          var few = arrays[0];
          var half = arrays[1];
          var many = arrays[2];
          for (int c = from; c < to; c++) {
            for (int p = 0; p < points(); p++) {
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
    int row = taps * k;
    for (int i = 0; i < size(); i++) {
      if (taps == 3) {
        WinogradVector.tapsBack(many, i * size() * k, k, half, i * row, k, k);
      } else {
        WinogradFiveVector.tapsBack(many, i * size() * k, k, half, i * row, k, k);
      }
    }
    if (taps == 3) {
      WinogradVector.tapsBack(half, 0, row, few, 0, row, row);
    } else {
      WinogradFiveVector.tapsBack(half, 0, row, few, 0, row, row);
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
