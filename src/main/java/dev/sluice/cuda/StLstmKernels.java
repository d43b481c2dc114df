package dev.sluice.cuda;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** The gates of ST-LSTM: st_lstm.cu. */
final class StLstmKernels {
  private StLstmKernels() {}

  static void register(Map<String, Kernel> all) {
    // xs, hs, ms, c_{t-1}, m_{t-1}, c_t, m_t, [c_t m_t], i g and i' g' or null.
    all.put(
        "st_lstm_memory",
        (stream, s, t) -> family(stream, t).gates("st_lstm_memory", t, 10, t[3], s[0]));
    // xs, hs, ms, c_{t-1}, m_{t-1}, then the gradients.
    all.put(
        "st_lstm_memory_backward",
        (stream, s, t) -> family(stream, t).gates("st_lstm_memory_backward", t, 12, t[3]));
    // xs, hs, the output gate's sum from the memories, the last convolution's, h_t or dh_t.
    for (var name : new String[] {"st_lstm_output", "st_lstm_output_backward"}) {
      all.put(name, (stream, s, t) -> family(stream, t).gates(name, t, 5, t[4]));
    }
  }

  private static Family family(Stream stream, Tensor[] t) {
    return Family.of(stream, "st_lstm", t[0]);
  }
}
