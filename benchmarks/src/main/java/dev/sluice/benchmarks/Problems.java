package dev.sluice.benchmarks;

import dev.sluice.DType;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Mode;
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
    for (Mode mode : new Mode[] {Mode.FORWARD, Mode.TRAIN}) {
      all.add(lstm(mode));
      all.add(convLstm(mode));
    }
    return all;
  }

  /** The shapes by which libraries are compared. Frames of 64x64 come two at a time. */
  static List<Problem> usual() {
    var all = new ArrayList<>(List.of(lstm(Mode.FORWARD), lstm(Mode.TRAIN)));
    all.add(vectors(Cell.GRU, Mode.TRAIN, 100, 32, 256));
    all.add(vectors(Cell.LSTM, Mode.FORWARD, 50, 1, 512));
    all.add(convLstm(Mode.TRAIN));
    all.add(frames(Cell.CONVLSTM, Mode.TRAIN, 8, 1, 16, 3));
    all.add(frames(Cell.CONVGRU, Mode.TRAIN, 8, 16, 16, 3));
    all.add(frames(Cell.STLSTM, Mode.TRAIN, 8, 16, 16, 5));
    all.add(frames(Cell.CONVLSTM, Mode.TRAIN, 8, 16, 16, 5));
    all.add(frames(Cell.CONVLSTM, Mode.TRAIN, 8, 1, 16, 5));
    for (int kernel : new int[] {3, 5}) {
      for (int input : new int[] {16, 1}) {
        all.add(frames(Cell.CONVLSTM, Mode.TRAIN, 2, input, 64, kernel));
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
  static Problem lstm(Mode mode) {
    return vectors(Cell.LSTM, mode, 100, 32, 256);
  }

  /** ConvLSTM, 3x3, 16 to 64 channels, 16x16, T 10, N 8. */
  static Problem convLstm(Mode mode) {
    return frames(Cell.CONVLSTM, mode, 8, 16, 16, 3);
  }

  /** As wide an input as the hidden state, one layer. */
  static Problem vectors(Cell cell, Mode mode, int t, int n, int h) {
    return new Problem(cell, mode, t, n, h, h, 1, false, false, false, 0, 0, 0, DType.FLOAT32, 0);
  }

  /** T 10, H 64, square frames. */
  static Problem frames(Cell cell, Mode mode, int n, int c, int side, int kernel) {
    return frames(cell, mode, 10, n, c, side, kernel);
  }

  static Problem frames(Cell cell, Mode mode, int t, int n, int c, int side, int kernel) {
    return new Problem(
        cell, mode, t, n, c, 64, 1, false, false, false, side, side, kernel, DType.FLOAT32, 0);
  }
}
