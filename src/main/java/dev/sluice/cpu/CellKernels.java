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
  }

  private static LstmGates gates(Tensor c, Tensor peephole) {
    int channels = c.shape().size(-1);
    int area = peephole == null ? 1 : count(peephole) / channels;
    return new LstmGates(Reals.of(c.type()), channels, 0, CellClip.NONE, area);
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
            null,
            0);
    gates(t[1], t[4]).forward(team(stream), rows(t[1]), step);
  }

  /**
   * conv_lstm_backward(): activations (overwritten with the gradients of the sums), c_{t-1}, c_t,
   * dh_t (spent), dc_t (overwritten with the gradient of c_{t-1}), peephole maps i, f, o or null,
   * and their gradients (added to) or null.
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
            null,
            0);
    var gates = gates(t[1], t[5]);
    gates.backward(team(stream), rows(t[1]), step);
    if (t[5] != null) {
      gates.backwardPeephole(team(stream), rows(t[1]), step, peepholes(t[8], t[9], t[10]));
    }
  }

  private static int rows(Tensor c) {
    return count(c) / c.shape().size(-1);
  }
}
