package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.length;
import static dev.sluice.cuda.Family.optional;
import static dev.sluice.cuda.Family.rowsOf;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** The gates of ST-LSTM: st_lstm.cu. */
final class StLstmKernels {
  private StLstmKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("st_lstm_memory", StLstmKernels::memory);
    all.put("st_lstm_memory_backward", StLstmKernels::memoryBackward);
    all.put("st_lstm_output", (stream, s, t) -> output(stream, "st_lstm_output", t));
    all.put(
        "st_lstm_output_backward", (stream, s, t) -> output(stream, "st_lstm_output_backward", t));
  }

  /** xs, hs, ms, c_{t-1}, m_{t-1}, c_t, m_t, [c_t m_t], i g and i' g' or null. */
  private static void memory(Stream stream, double[] s, Tensor... t) {
    Family.of(stream, "st_lstm", t[0])
        .elements(
            "st_lstm_memory",
            count(t[3]),
            t[0],
            t[1],
            t[2],
            t[3],
            t[4],
            t[5],
            t[6],
            t[7],
            optional(t, 8),
            optional(t, 9),
            rowsOf(t[3]),
            length(t[3]),
            s[0]);
  }

  /** xs, hs, ms, c_{t-1}, m_{t-1}, then the gradients. */
  private static void memoryBackward(Stream stream, double[] s, Tensor... t) {
    Family.of(stream, "st_lstm", t[0])
        .elements(
            "st_lstm_memory_backward",
            count(t[3]),
            t[0],
            t[1],
            t[2],
            t[3],
            t[4],
            t[5],
            t[6],
            t[7],
            optional(t, 8),
            optional(t, 9),
            optional(t, 10),
            optional(t, 11),
            rowsOf(t[3]),
            length(t[3]));
  }

  /** xs, hs, the output gate's sum from the memories, the last convolution's, h_t or dh_t. */
  private static void output(Stream stream, String kernel, Tensor... t) {
    Family.of(stream, "st_lstm", t[0])
        .elements(kernel, count(t[4]), t[0], t[1], t[2], t[3], t[4], rowsOf(t[4]), length(t[4]));
  }
}
