package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.flag;
import static dev.sluice.cuda.Family.length;
import static dev.sluice.cuda.Family.optional;
import static dev.sluice.cuda.Family.rowsOf;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/**
 * The gates of ConvLSTM and ConvGRU, which are those of LSTM and GRU over N H W rows (lstm.cu,
 * gru.cu), and of the gradient highway unit (ghu.cu).
 */
final class CellKernels {
  private CellKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("conv_lstm", CellKernels::convLstm);
    all.put("conv_lstm_backward", CellKernels::convLstmBackward);
    all.put("gru_reset", CellKernels::gruReset);
    all.put("gru_blend", CellKernels::gruBlend);
    all.put("gru_blend_backward", CellKernels::gruBlendBackward);
    all.put("gru_reset_backward", CellKernels::gruResetBackward);
    // a, b, z_{t-1}, z_t.
    all.put("ghu", (stream, s, t) -> Family.of(stream, "ghu", t[0]).gates("ghu", t, 4, t[2]));
    // a, b, z_{t-1}, dz_t, dz_{t-1} or null.
    all.put(
        "ghu_backward",
        (stream, s, t) -> Family.of(stream, "ghu", t[0]).gates("ghu_backward", t, 5, t[2]));
  }

  /** {@return rows after which the peephole maps repeat} */
  private static int mapRows(Tensor peephole, Tensor c) {
    return peephole == null ? 1 : Math.toIntExact(count(peephole) / length(c));
  }

  /** sums, c_{t-1}, c_t, h_t, peephole maps i, f, o or null. */
  private static void convLstm(Stream stream, double[] scalars, Tensor... t) {
    var i = optional(t, 4);
    Family.of(stream, "lstm", t[0])
        .elements(
            "lstm_forward",
            count(t[1]),
            t[0],
            null,
            i,
            optional(t, 5),
            optional(t, 6),
            t[1],
            t[2],
            null,
            t[3],
            null,
            0L,
            null,
            0,
            rowsOf(t[1]),
            length(t[1]),
            mapRows(i, t[1]),
            0.0,
            Double.POSITIVE_INFINITY,
            0);
  }

  /** activations, c_{t-1}, c_t, dh_t, dc_t, peephole maps i, f, o or null, their gradients. */
  private static void convLstmBackward(Stream stream, double[] scalars, Tensor... t) {
    var lstm = Family.of(stream, "lstm", t[0]);
    var i = optional(t, 5);
    int rows = rowsOf(t[1]);
    int mapRows = mapRows(i, t[1]);
    lstm.elements(
        "lstm_backward",
        count(t[1]),
        t[0],
        i,
        optional(t, 6),
        optional(t, 7),
        t[1],
        t[2],
        null,
        0L,
        t[3],
        t[4],
        null,
        0,
        rows,
        length(t[1]),
        mapRows,
        Double.POSITIVE_INFINITY,
        0);
    if (i != null) {
      lstm.elements(
          "lstm_peephole",
          count(i),
          t[0],
          t[1],
          t[2],
          t[8],
          t[9],
          t[10],
          rows,
          length(t[1]),
          mapRows,
          Double.POSITIVE_INFINITY,
          0);
    }
  }

  private static Family gru(Stream stream, Tensor rz) {
    return Family.of(stream, "gru", rz);
  }

  /** rz, q, h_{t-1}; every gru kernel: whether the reset is after, whether the blend is UPDATE. */
  private static void gruReset(Stream stream, double[] s, Tensor... t) {
    int k = length(t[2]);
    gru(stream, t[0])
        .elements(
            "gru_reset",
            count(t[2]),
            t[0],
            2L * k,
            t[1],
            null,
            t[2],
            rowsOf(t[2]),
            k,
            flag(s[0] != 0));
  }

  /** rz, n, q, h_{t-1}, h_t. */
  private static void gruBlend(Stream stream, double[] s, Tensor... t) {
    int k = length(t[3]);
    gru(stream, t[0])
        .elements(
            "gru_blend",
            count(t[3]),
            t[0],
            2L * k,
            t[1],
            (long) k,
            t[2],
            null,
            t[3],
            t[4],
            null,
            0L,
            null,
            0,
            rowsOf(t[3]),
            k,
            flag(s[0] != 0),
            flag(s[1] != 0));
  }

  /** rz, n, q, h_{t-1}, dh. */
  private static void gruBlendBackward(Stream stream, double[] s, Tensor... t) {
    int k = length(t[3]);
    gru(stream, t[0])
        .elements(
            "gru_blend_backward",
            count(t[3]),
            t[0],
            2L * k,
            t[1],
            (long) k,
            t[2],
            t[3],
            null,
            0L,
            t[4],
            null,
            0,
            rowsOf(t[3]),
            k,
            flag(s[0] != 0),
            flag(s[1] != 0));
  }

  /** rz, q, h_{t-1}, the gradient of r h, dh_{t-1}. */
  private static void gruResetBackward(Stream stream, double[] s, Tensor... t) {
    int k = length(t[2]);
    gru(stream, t[0])
        .elements(
            "gru_reset_backward",
            count(t[2]),
            t[0],
            2L * k,
            t[2],
            t[3],
            t[4],
            null,
            0,
            rowsOf(t[2]),
            k);
  }
}
