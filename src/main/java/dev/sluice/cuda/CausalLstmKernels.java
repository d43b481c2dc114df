package dev.sluice.cuda;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** The gates of Causal LSTM: causal_lstm.cu. */
final class CausalLstmKernels {
  private CausalLstmKernels() {}

  static void register(Map<String, Kernel> all) {
    // xs, hs, cs, c_{t-1}, c_t.
    all.put(
        "causal_lstm_cell",
        (stream, s, t) -> family(stream, t).gates("causal_lstm_cell", t, 5, t[3], s[0]));
    // xs, hs, cs, c_{t-1}, dc_t, dc_{t-1} or null.
    all.put(
        "causal_lstm_cell_backward",
        (stream, s, t) -> family(stream, t).gates("causal_lstm_cell_backward", t, 6, t[3]));
    // xs, ms, ns, c_t, m_t, [c_t m_t].
    all.put(
        "causal_lstm_memory",
        (stream, s, t) -> family(stream, t).gates("causal_lstm_memory", t, 6, t[3], s[0]));
    // xs, ms, ns, dc_t, dm_t, the gradient of [c_t m_t].
    all.put(
        "causal_lstm_memory_backward",
        (stream, s, t) -> family(stream, t).gates("causal_lstm_memory_backward", t, 6, t[3]));
    // xs, hs, ns, the output gate's sum from m_t, the last convolution's, h_t or dh_t.
    for (var name : new String[] {"causal_lstm_output", "causal_lstm_output_backward"}) {
      all.put(name, (stream, s, t) -> family(stream, t).gates(name, t, 6, t[5]));
    }
  }

  private static Family family(Stream stream, Tensor[] t) {
    return Family.of(stream, "causal_lstm", t[0]);
  }
}
