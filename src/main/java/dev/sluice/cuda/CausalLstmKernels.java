package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.length;
import static dev.sluice.cuda.Family.optional;
import static dev.sluice.cuda.Family.rowsOf;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** The gates of Causal LSTM: causal_lstm.cu. */
final class CausalLstmKernels {
  private CausalLstmKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("causal_lstm_cell", CausalLstmKernels::cell);
    all.put("causal_lstm_cell_backward", CausalLstmKernels::cellBackward);
    all.put("causal_lstm_memory", CausalLstmKernels::memory);
    all.put("causal_lstm_memory_backward", CausalLstmKernels::memoryBackward);
    for (String name : new String[] {"causal_lstm_output", "causal_lstm_output_backward"}) {
      all.put(name, (stream, s, t) -> output(stream, name, t));
    }
  }

  private static Family family(Stream stream, Tensor like) {
    return Family.of(stream, "causal_lstm", like);
  }

  /** xs, hs, cs, c_{t-1}, c_t. */
  private static void cell(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "causal_lstm_cell",
            count(t[3]),
            t[0],
            t[1],
            t[2],
            t[3],
            t[4],
            rowsOf(t[3]),
            length(t[3]),
            s[0]);
  }

  /** xs, hs, cs, c_{t-1}, dc_t, dc_{t-1} or null. */
  private static void cellBackward(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "causal_lstm_cell_backward",
            count(t[3]),
            t[0],
            t[1],
            t[2],
            t[3],
            t[4],
            optional(t, 5),
            rowsOf(t[3]),
            length(t[3]));
  }

  /** xs, ms, ns, c_t, m_t, [c_t m_t]. */
  private static void memory(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "causal_lstm_memory",
            count(t[3]),
            t[0],
            t[1],
            t[2],
            t[3],
            t[4],
            t[5],
            rowsOf(t[3]),
            length(t[3]),
            s[0]);
  }

  /** xs, ms, ns, dc_t, dm_t, the gradient of [c_t m_t]. */
  private static void memoryBackward(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements(
            "causal_lstm_memory_backward",
            count(t[3]),
            t[0],
            t[1],
            t[2],
            t[3],
            t[4],
            t[5],
            rowsOf(t[3]),
            length(t[3]));
  }

  /** xs, hs, ns, the output gate's sum from m_t, the last convolution's, h_t or dh_t. */
  private static void output(Stream stream, String kernel, Tensor... t) {
    family(stream, t[0])
        .elements(
            kernel, count(t[5]), t[0], t[1], t[2], t[3], t[4], t[5], rowsOf(t[5]), length(t[5]));
  }
}
