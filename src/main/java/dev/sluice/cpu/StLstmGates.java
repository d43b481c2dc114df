package dev.sluice.cpu;

import static dev.sluice.cpu.Reals.sigmoid;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * The pointwise part of ST-LSTM, forward and backward, for one step, in two phases, since the
 * output gate looks at both new memories.
 *
 * <p>Sums from the input, {@code xs [.., 7K]} = i, f, g, i', f', g', o; from the hidden state,
 * {@code hs [.., 4K]} = i, f, g, o; from the memory, {@code ms [.., 3K]} = i', f', g'; null where
 * {@code xs} has them all. {@code xs} is overwritten with the activations; in backward all three
 * with the gradients of the sums.
 */
final class StLstmGates {
  private StLstmGates() {}

  static void register(Map<String, Kernel> all) {
    all.put("st_lstm_memory", StLstmGates::memory);
    all.put("st_lstm_memory_backward", StLstmGates::memoryBackward);
    all.put("st_lstm_output", StLstmGates::output);
    all.put("st_lstm_output_backward", StLstmGates::outputBackward);
  }

  /** The tensors of the memories' phase; those of the deltas are null unless asked for. */
  record Memory(
      MemorySegment xs,
      MemorySegment hs,
      MemorySegment ms,
      MemorySegment cBefore,
      MemorySegment mBefore,
      MemorySegment c,
      MemorySegment m,
      MemorySegment both,
      MemorySegment deltaC,
      MemorySegment deltaM,
      double forgetBias) {}

  /** The gradients of the memories' phase; all but {@code both} may be null. */
  record Owed(
      MemorySegment c,
      MemorySegment m,
      MemorySegment both,
      MemorySegment deltaC,
      MemorySegment deltaM,
      MemorySegment cBefore,
      MemorySegment mBefore) {}

  /** The tensors of the output's phase; h is its gradient in backward. */
  record Output(
      MemorySegment xs, MemorySegment hs, MemorySegment os, MemorySegment last, MemorySegment h) {}

  private static Memory step(PixelRows rows, double forgetBias, Tensor... t) {
    return new Memory(
        rows.of(t[0]),
        rows.of(t[1]),
        rows.of(t[2]),
        rows.of(t[3]),
        rows.of(t[4]),
        rows.of(t[5]),
        rows.of(t[6]),
        rows.of(t[7]),
        rows.of(t[8]),
        rows.of(t[9]),
        forgetBias);
  }

  /**
   * st_lstm_memory(forget bias): xs, hs, ms, c_{t-1}, m_{t-1}, c_t, m_t [.., K], [c_t m_t] [..,
   * 2K], i g and i' g' [.., K] or null.
   */
  private static void memory(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[3], t);
    var s = step(rows, scalars[0], t);
    rows.run(
        (row, length) -> StLstmGatesVector.memory(row, length, s),
        (reals, row, from, length) -> {
          memoryRow(reals, row, from, length, s, false);
          memoryRow(reals, row, from, length, s, true);
        });
  }

  private static void memoryRow(
      Reals reals, int row, int from, int length, Memory s, boolean prime) {
    var other = prime ? s.ms : s.hs;
    var before = prime ? s.mBefore : s.cBefore;
    var after = prime ? s.m : s.c;
    var delta = prime ? s.deltaM : s.deltaC;
    long x = (7L * row + (prime ? 3 : 0)) * length;
    long y = (prime ? 3L : 4L) * row * length;
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      double i = sigmoid(sum(reals, s.xs, x + j, other, y + j));
      double f = sigmoid(sum(reals, s.xs, x + length + j, other, y + length + j) + s.forgetBias);
      double g = Math.tanh(sum(reals, s.xs, x + 2L * length + j, other, y + 2L * length + j));
      double value = f * reals.get(before, at) + i * g;
      reals.set(s.xs, x + j, i);
      reals.set(s.xs, x + length + j, f);
      reals.set(s.xs, x + 2L * length + j, g);
      reals.set(after, at, value);
      reals.set(s.both, (2L * row + (prime ? 1 : 0)) * length + j, value);
      if (delta != null) {
        reals.set(delta, at, i * g);
      }
    }
  }

  /**
   * st_lstm_memory_backward(): xs, hs, ms, c_{t-1}, m_{t-1}, then gradients: of c_t, m_t or null,
   * of [c_t m_t], of i g and i' g' or null, of c_{t-1} and m_{t-1} (added to) or null.
   */
  private static void memoryBackward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[3], t);
    var s = step(rows, 0, t[0], t[1], t[2], t[3], t[4], null, null, null, null, null);
    var d =
        new Owed(
            rows.of(t[5]),
            rows.of(t[6]),
            rows.of(t[7]),
            rows.of(t[8]),
            rows.of(t[9]),
            rows.of(t[10]),
            rows.of(t[11]));
    rows.run(
        (row, length) -> StLstmGatesVector.memoryBackward(row, length, s, d),
        (reals, row, from, length) -> {
          memoryBackwardRow(reals, row, from, length, s, d, false);
          memoryBackwardRow(reals, row, from, length, s, d, true);
        });
  }

  private static void memoryBackwardRow(
      Reals reals, int row, int from, int length, Memory s, Owed d, boolean prime) {
    var other = prime ? s.ms : s.hs;
    var before = prime ? s.mBefore : s.cBefore;
    var after = prime ? d.m : d.c;
    var delta = prime ? d.deltaM : d.deltaC;
    var owed = prime ? d.mBefore : d.cBefore;
    long x = (7L * row + (prime ? 3 : 0)) * length;
    long y = (prime ? 3L : 4L) * row * length;
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      double i = reals.get(s.xs, x + j);
      double f = reals.get(s.xs, x + length + j);
      double g = reals.get(s.xs, x + 2L * length + j);
      double dc = reals.get(d.both, (2L * row + (prime ? 1 : 0)) * length + j);
      dc += after == null ? 0 : reals.get(after, at);
      double dig = delta == null ? dc : dc + reals.get(delta, at);
      if (owed != null) {
        reals.add(owed, at, dc * f);
      }
      put(reals, s.xs, x + j, other, y + j, dig * g * i * (1 - i));
      double df = dc * reals.get(before, at) * f * (1 - f);
      put(reals, s.xs, x + length + j, other, y + length + j, df);
      double dg = dig * i * (1 - g * g);
      put(reals, s.xs, x + 2L * length + j, other, y + 2L * length + j, dg);
    }
  }

  private static double sum(Reals reals, MemorySegment a, long atA, MemorySegment b, long atB) {
    return reals.get(a, atA) + (b == null ? 0 : reals.get(b, atB));
  }

  private static void put(
      Reals reals, MemorySegment a, long atA, MemorySegment b, long atB, double value) {
    reals.set(a, atA, value);
    if (b != null) {
      reals.set(b, atB, value);
    }
  }

  private static Output output(PixelRows rows, Tensor... t) {
    return new Output(rows.of(t[0]), rows.of(t[1]), rows.of(t[2]), rows.of(t[3]), rows.of(t[4]));
  }

  /**
   * st_lstm_output(): xs, hs, the output gate's sum from the memories [.., K] or null, the last
   * convolution's [.., K] (overwritten with its tanh), h_t [.., K].
   */
  private static void output(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[4], t);
    var s = output(rows, t);
    rows.run(
        (row, length) -> StLstmGatesVector.output(row, length, s),
        (reals, row, from, length) -> outputRow(reals, row, from, length, s));
  }

  private static void outputRow(Reals reals, int row, int from, int length, Output s) {
    long x = (7L * row + 6) * length;
    long y = (4L * row + 3) * length;
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      double rest = s.os == null ? 0 : reals.get(s.os, at);
      double o = sigmoid(sum(reals, s.xs, x + j, s.hs, y + j) + rest);
      double tanh = Math.tanh(reals.get(s.last, at));
      reals.set(s.xs, x + j, o);
      reals.set(s.last, at, tanh);
      reals.set(s.h, at, o * tanh);
    }
  }

  /** st_lstm_output_backward(): as st_lstm_output, with dh_t; the sums become gradients. */
  private static void outputBackward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[4], t);
    var s = output(rows, t);
    rows.run(
        (row, length) -> StLstmGatesVector.outputBackward(row, length, s),
        (reals, row, from, length) -> outputBackwardRow(reals, row, from, length, s));
  }

  private static void outputBackwardRow(Reals reals, int row, int from, int length, Output s) {
    long x = (7L * row + 6) * length;
    long y = (4L * row + 3) * length;
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      double o = reals.get(s.xs, x + j);
      double tanh = reals.get(s.last, at);
      double dh = reals.get(s.h, at);
      double da = dh * tanh * o * (1 - o);
      put(reals, s.xs, x + j, s.hs, y + j, da);
      if (s.os != null) {
        reals.set(s.os, at, da);
      }
      reals.set(s.last, at, dh * o * (1 - tanh * tanh));
    }
  }
}
