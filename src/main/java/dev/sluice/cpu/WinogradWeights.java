package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * U = G w G^T: weights [K, C, taps, taps] to a matrix [C, K] for each point, with room for whole
 * vectors.
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

  /** Bytes of a row of the matrices. */
  private long bytes() {
    return 4L * paddedOutputs;
  }

  /** Bytes from one matrix to the next. */
  private long apart() {
    return paddedInputs * bytes();
  }

  private long at(MemorySegment matrices, int c) {
    return matrices.address() + (first + c) * bytes();
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
          long few = WinogradRoom.of(2 * points() * bytes());
          long between = few + points() * bytes();
          for (int c = from; c < to; c++) {
            read(w, c, few);
            transform.weights(few, between, at(u, c), apart(), bytes());
          }
        });
  }

  private void read(MemorySegment w, int c, long few) {
    if (outputs < paddedOutputs) {
      Lanes.zero(few, few + taps() * taps() * bytes());
    }
    for (int k = 0; k < outputs; k++) {
      long first = tapsOf(k, c);
      for (int e = 0; e < taps() * taps(); e++) {
        MEMORY.set(JAVA_FLOAT, few + e * bytes() + 4L * k, w.getAtIndex(JAVA_FLOAT, first + e));
      }
    }
  }

  /** dw += G^T dU G. */
  void backward(Team team, MemorySegment u, MemorySegment w) {
    team.run(
        inputs,
        1,
        (from, to) -> {
          long few = WinogradRoom.of(2 * points() * bytes());
          long between = few + points() * bytes();
          for (int c = from; c < to; c++) {
            transform.weightsBack(at(u, c), apart(), between, few, bytes());
            add(few, w, c);
          }
        });
  }

  private void add(long few, MemorySegment w, int c) {
    for (int k = 0; k < outputs; k++) {
      long first = tapsOf(k, c);
      for (int e = 0; e < taps() * taps(); e++) {
        float more = MEMORY.get(JAVA_FLOAT, few + e * bytes() + 4L * k);
        w.setAtIndex(JAVA_FLOAT, first + e, w.getAtIndex(JAVA_FLOAT, first + e) + more);
      }
    }
  }
}
