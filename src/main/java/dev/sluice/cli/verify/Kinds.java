package dev.sluice.cli.verify;

import dev.sluice.nn.CausalLstm;
import dev.sluice.nn.StLstm;
import java.util.Map;

/** Which runner is for which kind. */
final class Kinds {
  private static final Map<String, CaseRunner> ALL =
      Map.ofEntries(
          Map.entry("rnn", new RnnRunner(RnnRunner::elman)),
          Map.entry("gru", new RnnRunner(RnnRunner::gru)),
          Map.entry("lstm", new RnnRunner(RnnRunner::lstm)),
          Map.entry("lstm_dropout", new LstmDropoutRunner()),
          Map.entry("tbptt", new TbpttRunner()),
          Map.entry("convlstm", new ConvLstmRunner()),
          Map.entry("convgru", new ConvGruRunner()),
          Map.entry("stlstm", new MemoryCellRunner(StLstm::new)),
          Map.entry("causal_lstm", new MemoryCellRunner(CausalLstm::new)),
          Map.entry("ghu", new GhuRunner()),
          Map.entry("predrnn", new PredRnnRunner()),
          Map.entry("predrnn_v2", new PredRnnRunner()),
          Map.entry("encoder_forecaster", new EncoderForecasterRunner()),
          Map.entry("patch", new PatchRunner()),
          Map.entry("activations", new ActivationsRunner()),
          Map.entry("optimizers", new OptimizersRunner()),
          Map.entry("schedules", new SchedulesRunner()),
          Map.entry("sequence_model", new SequenceModelRunner()),
          Map.entry("diagnostics", new DiagnosticsRunner()),
          Map.entry("keras_layer", new KerasLayerRunner()),
          Map.entry("losses", new LossesRunner()),
          Map.entry("clipping", new ClippingRunner()),
          Map.entry("metrics", new MetricsRunner()));

  private Kinds() {}

  static CaseRunner runner(String kind) {
    var runner = ALL.get(kind);
    if (runner == null) {
      throw new NotSupported("kind " + kind + ": not supported yet");
    }
    return runner;
  }
}
