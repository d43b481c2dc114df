package dev.sluice.cpu;

import static dev.sluice.cpu.Reals.sigmoid;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * The pointwise part of Causal LSTM, forward and backward, for one step, in three phases: the cell,
 * the memory that looks at the new cell, the output that looks at both.
 *
 * <p>Sums from the input, {@code xs [.., 7K]} = i, f, g, i', f', g', o; from the hidden state,
 * {@code hs [.., 4K]} = i, f, g, o; from the old cell, {@code cs [.., 3K]} = i, f, g; from the
 * memory, {@code ms [.., 3K]} = i', f', m; from the new cell, {@code ns [.., 4K]} = i', g', f', o.
 * {@code xs} and m are overwritten with the activations; in backward all become the gradients of
 * the sums.
 */
final class CausalLstmGates {
  private CausalLstmGates() {}

  static void register(Map<String, Kernel> all) {
    all.put("causal_lstm_cell", CausalLstmGates::cell);
    all.put("causal_lstm_cell_backward", CausalLstmGates::cellBackward);
    all.put("causal_lstm_memory", CausalLstmGates::memory);
    all.put("causal_lstm_memory_backward", CausalLstmGates::memoryBackward);
    all.put("causal_lstm_output", CausalLstmGates::output);
    all.put("causal_lstm_output_backward", CausalLstmGates::outputBackward);
  }

  /** c is c_t, in backward its gradient; owed is the gradient of c_{t-1}, or null. */
  record Cell(
      MemorySegment xs,
      MemorySegment hs,
      MemorySegment cs,
      MemorySegment before,
      MemorySegment c,
      MemorySegment owed) {}

  /** The tensors of the memory's phase; c, m and both are their gradients in backward. */
  record Memory(
      MemorySegment xs,
      MemorySegment ms,
      MemorySegment ns,
      MemorySegment c,
      MemorySegment m,
      MemorySegment both) {}

  /** The tensors of the output's phase; h is its gradient in backward. */
  record Output(
      MemorySegment xs,
      MemorySegment hs,
      MemorySegment ns,
      MemorySegment os,
      MemorySegment last,
      MemorySegment h) {}

  private static Cell cell(PixelRows rows, Tensor... t) {
    var owed = t.length < 6 ? null : rows.of(t[5]);
    return new Cell(
        rows.of(t[0]), rows.of(t[1]), rows.of(t[2]), rows.of(t[3]), rows.of(t[4]), owed);
  }

  /** causal_lstm_cell(forget bias): xs, hs, cs, c_{t-1} [.., K], c_t. */
  private static void cell(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[3], t);
    var s = cell(rows, t);
    double forgetBias = scalars[0];
    rows.run(
        (row, length) -> CausalLstmGatesVector.cell(row, length, s, (float) forgetBias),
        (reals, row, from, length) -> cellRow(reals, row, from, length, s, forgetBias));
  }

  private static void cellRow(
      Reals reals, int row, int from, int length, Cell s, double forgetBias) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long x = 7L * row * length + j;
      long h = 4L * row * length + j;
      long c = 3L * row * length + j;
      double i = sigmoid(reals.get(s.xs, x) + reals.get(s.hs, h) + reals.get(s.cs, c));
      x += length;
      h += length;
      c += length;
      double f = sigmoid(reals.get(s.xs, x) + reals.get(s.hs, h) + reals.get(s.cs, c) + forgetBias);
      x += length;
      h += length;
      c += length;
      double g = Math.tanh(reals.get(s.xs, x) + reals.get(s.hs, h) + reals.get(s.cs, c));
      reals.set(s.xs, x - 2L * length, i);
      reals.set(s.xs, x - length, f);
      reals.set(s.xs, x, g);
      reals.set(s.c, at, f * reals.get(s.before, at) + i * g);
    }
  }

  /** causal_lstm_cell_backward(): xs, hs, cs, c_{t-1}, dc_t, dc_{t-1} (added to) or null. */
  private static void cellBackward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[3], t);
    var s = cell(rows, t);
    rows.run(
        (row, length) -> CausalLstmGatesVector.cellBackward(row, length, s),
        (reals, row, from, length) -> cellBackwardRow(reals, row, from, length, s));
  }

  private static void cellBackwardRow(Reals reals, int row, int from, int length, Cell s) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long x = 7L * row * length + j;
      double i = reals.get(s.xs, x);
      double f = reals.get(s.xs, x + length);
      double g = reals.get(s.xs, x + 2L * length);
      double dc = reals.get(s.c, at);
      putCell(reals, row, length, j, s, dc * g * i * (1 - i));
      putCell(reals, row, length, j + length, s, dc * reals.get(s.before, at) * f * (1 - f));
      putCell(reals, row, length, j + 2 * length, s, dc * i * (1 - g * g));
      if (s.owed != null) {
        reals.add(s.owed, at, dc * f);
      }
    }
  }

  private static void putCell(Reals reals, int row, int length, int j, Cell s, double value) {
    reals.set(s.xs, 7L * row * length + j, value);
    reals.set(s.hs, 4L * row * length + j, value);
    reals.set(s.cs, 3L * row * length + j, value);
  }

  private static Memory memory(PixelRows rows, Tensor... t) {
    return new Memory(
        rows.of(t[0]), rows.of(t[1]), rows.of(t[2]), rows.of(t[3]), rows.of(t[4]), rows.of(t[5]));
  }

  /**
   * causal_lstm_memory(forget bias): xs, ms, ns, c_t [.., K], m_t [.., K], [c_t m_t] [.., 2K]; m_t
   * is new, the old one is in ms.
   */
  private static void memory(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[3], t);
    var s = memory(rows, t);
    double forgetBias = scalars[0];
    rows.run(
        (row, length) -> CausalLstmGatesVector.memory(row, length, s, (float) forgetBias),
        (reals, row, from, length) -> memoryRow(reals, row, from, length, s, forgetBias));
  }

  private static void memoryRow(
      Reals reals, int row, int from, int length, Memory s, double forgetBias) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long x = (7L * row + 3) * length + j;
      long m = 3L * row * length + j;
      long n = 4L * row * length + j;
      double i = sigmoid(reals.get(s.xs, x) + reals.get(s.ms, m) + reals.get(s.ns, n));
      double f =
          sigmoid(
              reals.get(s.xs, x + length)
                  + reals.get(s.ms, m + length)
                  + reals.get(s.ns, n + 2L * length)
                  + forgetBias);
      double g = Math.tanh(reals.get(s.xs, x + 2L * length) + reals.get(s.ns, n + length));
      double past = Math.tanh(reals.get(s.ms, m + 2L * length));
      double fresh = f * past + i * g;
      reals.set(s.xs, x, i);
      reals.set(s.xs, x + length, f);
      reals.set(s.xs, x + 2L * length, g);
      reals.set(s.ms, m + 2L * length, past);
      reals.set(s.m, at, fresh);
      reals.set(s.both, at + (long) row * length, reals.get(s.c, at));
      reals.set(s.both, at + (row + 1L) * length, fresh);
    }
  }

  /**
   * causal_lstm_memory_backward(): xs, ms, ns, dc_t (added to), dm_t, the gradient of [c_t m_t]
   * (spent).
   */
  private static void memoryBackward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[3], t);
    var s = memory(rows, t);
    rows.run(
        (row, length) -> CausalLstmGatesVector.memoryBackward(row, length, s),
        (reals, row, from, length) -> memoryBackwardRow(reals, row, from, length, s));
  }

  private static void memoryBackwardRow(Reals reals, int row, int from, int length, Memory s) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long x = (7L * row + 3) * length + j;
      long m = 3L * row * length + j;
      long n = 4L * row * length + j;
      double i = reals.get(s.xs, x);
      double f = reals.get(s.xs, x + length);
      double g = reals.get(s.xs, x + 2L * length);
      double past = reals.get(s.ms, m + 2L * length);
      double dm = reals.get(s.m, at) + reals.get(s.both, at + (row + 1L) * length);
      reals.add(s.c, at, reals.get(s.both, at + (long) row * length));
      double di = dm * g * i * (1 - i);
      double df = dm * past * f * (1 - f);
      double dg = dm * i * (1 - g * g);
      reals.set(s.xs, x, di);
      reals.set(s.ms, m, di);
      reals.set(s.ns, n, di);
      reals.set(s.xs, x + length, df);
      reals.set(s.ms, m + length, df);
      reals.set(s.ns, n + 2L * length, df);
      reals.set(s.xs, x + 2L * length, dg);
      reals.set(s.ns, n + length, dg);
      reals.set(s.ms, m + 2L * length, dm * f * (1 - past * past));
    }
  }

  private static Output output(PixelRows rows, Tensor... t) {
    return new Output(
        rows.of(t[0]), rows.of(t[1]), rows.of(t[2]), rows.of(t[3]), rows.of(t[4]), rows.of(t[5]));
  }

  /**
   * causal_lstm_output(): xs, hs, ns, the output gate's sum from m_t [.., K], the last
   * convolution's [.., K] (overwritten with its tanh), h_t [.., K].
   */
  private static void output(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[5], t);
    var s = output(rows, t);
    rows.run(
        (row, length) -> CausalLstmGatesVector.output(row, length, s),
        (reals, row, from, length) -> outputRow(reals, row, from, length, s));
  }

  private static void outputRow(Reals reals, int row, int from, int length, Output s) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long x = (7L * row + 6) * length + j;
      long y = (4L * row + 3) * length + j;
      double o =
          Math.tanh(
              reals.get(s.xs, x) + reals.get(s.hs, y) + reals.get(s.ns, y) + reals.get(s.os, at));
      double last = Math.tanh(reals.get(s.last, at));
      reals.set(s.xs, x, o);
      reals.set(s.last, at, last);
      reals.set(s.h, at, o * last);
    }
  }

  /** causal_lstm_output_backward(): as causal_lstm_output, with dh_t. */
  private static void outputBackward(Stream stream, double[] scalars, Tensor... t) {
    var rows = new PixelRows(stream, t[5], t);
    var s = output(rows, t);
    rows.run(
        (row, length) -> CausalLstmGatesVector.outputBackward(row, length, s),
        (reals, row, from, length) -> outputBackwardRow(reals, row, from, length, s));
  }

  private static void outputBackwardRow(Reals reals, int row, int from, int length, Output s) {
    for (int j = from; j < length; j++) {
      long at = (long) row * length + j;
      long x = (7L * row + 6) * length + j;
      long y = (4L * row + 3) * length + j;
      double o = reals.get(s.xs, x);
      double last = reals.get(s.last, at);
      double dh = reals.get(s.h, at);
      double da = dh * last * (1 - o * o);
      reals.set(s.xs, x, da);
      reals.set(s.hs, y, da);
      reals.set(s.ns, y, da);
      reals.set(s.os, at, da);
      reals.set(s.last, at, dh * o * (1 - last * last));
    }
  }
}
