package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import dev.sluice.spi.RnnSpec.CellClip;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** The gates of the convolutional cells, for cells that are composed step by step. */
final class CellKernels {
  private CellKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("conv_lstm", CellKernels::convLstm);
    all.put("conv_lstm_backward", CellKernels::convLstmBackward);
    all.put("gru_reset", CellKernels::gruReset);
    all.put("gru_blend", CellKernels::gruBlend);
    all.put("gru_blend_backward", CellKernels::gruBlendBackward);
    all.put("gru_reset_backward", CellKernels::gruResetBackward);
  }

  private static LstmGates gates(Tensor c, Tensor peephole) {
    int channels = c.shape().size(-1);
    int area = peephole == null ? 1 : count(peephole) / channels;
    return new LstmGates(Reals.of(c.type()), channels, CellClip.NONE, area);
  }

  private static MemorySegment[] peepholes(Tensor i, Tensor f, Tensor o) {
    return i == null ? null : new MemorySegment[] {i.memory(), f.memory(), o.memory()};
  }

  /**
   * conv_lstm(): sums [N, H, W, 4K] (overwritten with the activations), c_{t-1} [N, H, W, K], c_t,
   * h_t, and peephole maps i, f, o [H, W, K] or null.
   */
  private static void convLstm(Stream stream, double[] scalars, Tensor... t) {
    var step =
        new LstmGates.Forward(
            t[0].memory(),
            null,
            peepholes(t[4], t[5], t[6]),
            t[1].memory(),
            t[2].memory(),
            null,
            t[3].memory(),
            null,
            0,
            null);
    gates(t[1], t[4]).forward(team(stream), rows(t[1]), step);
  }

  /**
   * conv_lstm_backward(): activations (overwritten with the gradients of the sums), c_{t-1}, c_t
   * (spent), dh_t (spent), dc_t (overwritten with the gradient of c_{t-1}), peephole maps i, f, o
   * or null, and their gradients (added to) or null.
   */
  private static void convLstmBackward(Stream stream, double[] scalars, Tensor... t) {
    var step =
        new LstmGates.Backward(
            t[0].memory(),
            peepholes(t[5], t[6], t[7]),
            t[1].memory(),
            t[2].memory(),
            null,
            0,
            t[3].memory(),
            t[4].memory(),
            null);
    var gates = gates(t[1], t[5]);
    gates.backward(team(stream), rows(t[1]), step);
    if (t[5] != null) {
      gates.backwardPeephole(team(stream), rows(t[1]), step, peepholes(t[8], t[9], t[10]));
    }
  }

  /** A phase of a GRU's gates. */
  @FunctionalInterface
  private interface GruPhase {
    void run(GruGates gates, Team team, int rows, GruGates.Step step);
  }

  /**
   * Runs a phase over rz [.., 2K], n [.., K], q [.., K], h_{t-1} [.., K], h_t or its gradient [..,
   * K], the gradient of r h; some may be null.
   *
   * @param scalars of every gru kernel: whether the reset is after, whether the blend is UPDATE
   */
  private static void gru(
      Stream stream,
      double[] scalars,
      GruPhase phase,
      Tensor rz,
      Tensor n,
      Tensor q,
      Tensor before,
      Tensor h,
      Tensor drh) {
    var rows = new PixelRows(stream, before, rz, n, q, before, h, drh);
    var step =
        new GruGates.Step(
            rows.of(rz),
            2L * rows.length(),
            rows.of(n),
            rows.length(),
            rows.of(q),
            null,
            rows.of(before),
            rows.of(h),
            null,
            0,
            rows.of(drh),
            null);
    var gates =
        new GruGates(Reals.of(before.type()), rows.length(), scalars[0] != 0, scalars[1] != 0);
    phase.run(gates, team(stream), rows.count(), step);
    rows.end();
  }

  /** gru_reset(): rz, q, h_{t-1}: r and z are activated; with the reset before q = r h. */
  private static void gruReset(Stream stream, double[] scalars, Tensor... t) {
    gru(stream, scalars, GruGates::reset, t[0], null, t[1], t[2], null, null);
  }

  /** gru_blend(): rz, n, q, h_{t-1}, h_t: the candidate and the new state. */
  private static void gruBlend(Stream stream, double[] scalars, Tensor... t) {
    gru(stream, scalars, GruGates::blend, t[0], t[1], t[2], t[3], t[4], null);
  }

  /**
   * gru_blend_backward(): rz, n, q, h_{t-1}, dh: dh in, what goes straight to h_{t-1} out; z, n and
   * with the reset after r and q become gradients.
   */
  private static void gruBlendBackward(Stream stream, double[] scalars, Tensor... t) {
    gru(stream, scalars, GruGates::blendBack, t[0], t[1], t[2], t[3], t[4], null);
  }

  /** gru_reset_backward(): rz, q, h_{t-1}, the gradient of r h, dh_{t-1} (added to). */
  private static void gruResetBackward(Stream stream, double[] scalars, Tensor... t) {
    gru(stream, scalars, GruGates::resetBack, t[0], null, t[1], t[2], t[4], t[3]);
  }

  private static int rows(Tensor c) {
    return count(c) / c.shape().size(-1);
  }
}
