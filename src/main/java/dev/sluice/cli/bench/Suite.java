package dev.sluice.cli.bench;

import dev.sluice.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Problems that are measured together. */
public enum Suite {
  /**
   * The 53 recurrent training problems of Baidu's DeepBench (its shapes; input as wide as hidden).
   */
  DEEPBENCH {
    @Override
    public List<Problem> problems() {
      return deepBench();
    }
  },

  /** Every cell at a usual size, forward and as a training step. */
  CELLS {
    @Override
    public List<Problem> problems() {
      var all = new ArrayList<Problem>();
      for (Mode mode : new Mode[] {Mode.FORWARD, Mode.TRAIN}) {
        for (var cell : List.of(Cell.RNN, Cell.GRU, Cell.LSTM)) {
          all.add(vectors(cell, mode, 100, 32, 256, 256, 1, false));
        }
        all.add(vectors(Cell.LSTM, mode, 50, 1, 512, 512, 1, false));
        all.add(vectors(Cell.LSTM, mode, 100, 32, 128, 128, 2, true));
        for (int kernel : new int[] {3, 5}) {
          for (int input : new int[] {1, 16}) {
            all.add(frames(Cell.CONVLSTM, mode, 10, 8, input, 16, kernel));
          }
        }
        all.add(frames(Cell.CONVLSTM, mode, 10, 8, 16, 64, 3));
        all.add(frames(Cell.CONVGRU, mode, 10, 8, 16, 16, 3));
        all.add(frames(Cell.STLSTM, mode, 10, 8, 16, 16, 5));
      }
      return all;
    }
  },

  /** A step of one stream through a session, as a service takes it. */
  LATENCY {
    @Override
    public List<Problem> problems() {
      var all = new ArrayList<Problem>();
      for (var cell : List.of(Cell.RNN, Cell.GRU, Cell.LSTM)) {
        for (int hidden : new int[] {64, 256, 1024}) {
          all.add(vectors(cell, Mode.SESSION, 1, 1, hidden, hidden, 1, false));
        }
      }
      for (var cell : List.of(Cell.CONVLSTM, Cell.CONVGRU, Cell.STLSTM)) {
        all.add(frames(cell, Mode.SESSION, 1, 1, 16, 16, 3));
      }
      return all;
    }
  };

  /** {@return what is measured} */
  public abstract List<Problem> problems();

  private static List<Problem> deepBench() {
    var all = new ArrayList<Problem>();
    for (var line : lines("deepbench.csv")) {
      var f = line.split(",");
      var cell = f[0].equals("vanilla") ? Cell.RNN : Cell.valueOf(f[0].toUpperCase(Locale.ROOT));
      int hidden = Integer.parseInt(f[1]);
      int batch = Integer.parseInt(f[2]);
      int steps = Integer.parseInt(f[3]);
      all.add(vectors(cell, Mode.TRAIN, steps, batch, hidden, hidden, 1, false));
    }
    return all;
  }

  private static List<String> lines(String resource) {
    try (InputStream in = Suite.class.getResourceAsStream(resource)) {
      var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#")).skip(1).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  private static Problem vectors(
      Cell cell, Mode mode, int t, int n, int c, int h, int layers, boolean both) {
    return new Problem(
        cell, mode, t, n, c, h, layers, both, false, false, 0, 0, 0, DType.FLOAT32, 0);
  }

  private static Problem frames(Cell cell, Mode mode, int t, int n, int c, int side, int kernel) {
    return new Problem(
        cell, mode, t, n, c, 64, 1, false, false, false, side, side, kernel, DType.FLOAT32, 0);
  }
}
