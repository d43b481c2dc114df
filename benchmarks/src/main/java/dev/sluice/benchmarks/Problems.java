package dev.sluice.benchmarks;

import dev.sluice.DType;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Problem;
import dev.sluice.cli.bench.Suite;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** What is raced, the most telling first. */
final class Problems {
  private Problems() {}

  /** Two cells, forward and as a training step. */
  static List<Problem> few() {
    var all = new ArrayList<Problem>();
    for (boolean training : new boolean[] {false, true}) {
      all.add(lstm(training));
      all.add(convLstm(training));
    }
    return all;
  }

  /** The shapes by which libraries are compared. Frames of 64x64 come two at a time. */
  static List<Problem> usual() {
    var all = new ArrayList<>(List.of(lstm(false), lstm(true)));
    all.add(vectors(Cell.GRU, true, 100, 32, 256));
    all.add(vectors(Cell.LSTM, false, 50, 1, 512));
    all.add(convLstm(true));
    all.add(frames(Cell.CONVLSTM, true, 8, 1, 16, 3));
    all.add(frames(Cell.CONVGRU, true, 8, 16, 16, 3));
    all.add(frames(Cell.STLSTM, true, 8, 16, 16, 5));
    all.add(frames(Cell.CONVLSTM, true, 8, 16, 16, 5));
    all.add(frames(Cell.CONVLSTM, true, 8, 1, 16, 5));
    for (int kernel : new int[] {3, 5}) {
      for (int input : new int[] {16, 1}) {
        all.add(frames(Cell.CONVLSTM, true, 2, input, 64, kernel));
      }
    }
    return all;
  }

  /** These and every cell's. */
  static List<Problem> all() {
    var all = new LinkedHashSet<>(usual());
    all.addAll(Suite.CELLS.problems());
    return List.copyOf(all);
  }

  /** LSTM over T 100, N 32, C 256, H 256. */
  static Problem lstm(boolean training) {
    return vectors(Cell.LSTM, training, 100, 32, 256);
  }

  /** ConvLSTM, 3x3, 16 to 64 channels, 16x16, T 10, N 8. */
  static Problem convLstm(boolean training) {
    return frames(Cell.CONVLSTM, training, 8, 16, 16, 3);
  }

  /** As wide an input as the hidden state, one layer. */
  static Problem vectors(Cell cell, boolean training, int t, int n, int h) {
    return new Problem(
        cell, training, t, n, h, h, 1, false, false, false, 0, 0, 0, DType.FLOAT32, 0);
  }

  /** T 10, H 64, square frames. */
  static Problem frames(Cell cell, boolean training, int n, int c, int side, int kernel) {
    return frames(cell, training, 10, n, c, side, kernel);
  }

  static Problem frames(Cell cell, boolean training, int t, int n, int c, int side, int kernel) {
    return new Problem(
        cell, training, t, n, c, 64, 1, false, false, false, side, side, kernel, DType.FLOAT32, 0);
  }
}
