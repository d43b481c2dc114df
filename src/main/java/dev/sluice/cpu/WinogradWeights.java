package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** U = G w G^T: weights [K, C, 3, 3] to 36 matrices [C, K] with room for whole vectors. */
record WinogradWeights(int inputs, int outputs, int paddedInputs, int paddedOutputs) {
  long elements() {
    return 36L * paddedInputs * paddedOutputs;
  }

  private long at(int point, int c, int k) {
    return ((long) point * paddedInputs + c) * paddedOutputs + k;
  }

  void forward(Team team, MemorySegment w, MemorySegment u) {
    if (inputs < paddedInputs || outputs < paddedOutputs) {
      u.fill((byte) 0);
    }
    team.run(
        inputs,
        1,
        (from, to) -> {
          var three = new float[9];
          var half = new float[18];
          var six = new float[36];
          for (int c = from; c < to; c++) {
            for (int k = 0; k < outputs; k++) {
              long first = ((long) k * inputs + c) * 9;
              MemorySegment.copy(w, ValueLayout.JAVA_FLOAT, 4 * first, three, 0, 9);
              for (int j = 0; j < 3; j++) {
                expand(three, j, 3, half, j, 3);
              }
              for (int i = 0; i < 6; i++) {
                expand(half, 3 * i, 1, six, 6 * i, 1);
              }
              for (int p = 0; p < 36; p++) {
                u.setAtIndex(ValueLayout.JAVA_FLOAT, at(p, c, k), six[p]);
              }
            }
          }
        });
  }

  /** dw += G^T dU G. */
  void backward(Team team, MemorySegment u, MemorySegment w) {
    team.run(
        inputs,
        1,
        (from, to) -> {
          var three = new float[9];
          var half = new float[18];
          var six = new float[36];
          for (int c = from; c < to; c++) {
            for (int k = 0; k < outputs; k++) {
              for (int p = 0; p < 36; p++) {
                six[p] = u.getAtIndex(ValueLayout.JAVA_FLOAT, at(p, c, k));
              }
              for (int i = 0; i < 6; i++) {
                contract(six, 6 * i, 1, half, 3 * i, 1);
              }
              for (int j = 0; j < 3; j++) {
                contract(half, j, 3, three, j, 3);
              }
              long first = ((long) k * inputs + c) * 9;
              for (int e = 0; e < 9; e++) {
                float sum = w.getAtIndex(ValueLayout.JAVA_FLOAT, first + e) + three[e];
                w.setAtIndex(ValueLayout.JAVA_FLOAT, first + e, sum);
              }
            }
          }
        });
  }

  /** G: three taps to six points. */
  private static void expand(float[] from, int at, int step, float[] to, int toAt, int toStep) {
    float a = from[at];
    float b = from[at + step];
    float c = from[at + 2 * step];
    to[toAt] = a;
    to[toAt + toStep] = (a + b + c) / 3;
    to[toAt + 2 * toStep] = (b - a - c) / 3;
    to[toAt + 3 * toStep] = (4 * a + 2 * b + c) * (-4f / 15);
    to[toAt + 4 * toStep] = (a - 2 * b + 4 * c) / 15;
    to[toAt + 5 * toStep] = c;
  }

  /** G^T: six points to three taps. */
  private static void contract(float[] from, int at, int step, float[] to, int toAt, int toStep) {
    float a = (from[at + step] - from[at + 2 * step]) / 3;
    float b = (from[at + step] + from[at + 2 * step]) / 3;
    float c = from[at + 3 * step] * (-4f / 15);
    float d = from[at + 4 * step] / 15;
    to[toAt] = from[at] + a + 4 * c + d;
    to[toAt + toStep] = b + 2 * c - 2 * d;
    to[toAt + 2 * toStep] = a + c + 4 * d + from[at + 5 * step];
  }
}
