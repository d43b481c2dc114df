package dev.sluice.cli.tasks;

import dev.sluice.FormatException;
import java.util.Arrays;
import java.util.List;

/** The networks that foresee frames, by the names that --model has for them. */
enum FrameModel {
  CONVLSTM("convlstm", "a ConvLSTM"),
  CONVGRU("convgru", "a ConvGRU"),
  FEEDBACK_CONVLSTM("feedback-convlstm", "a ConvLSTM that reads its own frames"),
  FEEDBACK_CONVGRU("feedback-convgru", "a ConvGRU that reads its own frames"),
  PREDRNN("predrnn", "PredRNN"),
  PREDRNN_V2("predrnn-v2", "PredRNN-V2"),
  PREDRNN_PLUS_PLUS("predrnn++", "PredRNN++");

  private final String key;
  private final String title;

  FrameModel(String key, String title) {
    this.key = key;
    this.title = title;
  }

  String key() {
    return key;
  }

  String title() {
    return title;
  }

  static List<String> keys() {
    return Arrays.stream(values()).map(FrameModel::key).toList();
  }

  static FrameModel of(Fields fields) {
    String key = fields.text("model");
    return Arrays.stream(values())
        .filter(model -> model.key.equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new FormatException(
                    fields.file(), "expected a model of " + keys() + ", got " + key));
  }

  /** Whether its cells can have peepholes. */
  boolean peepholes() {
    return this == CONVLSTM || this == FEEDBACK_CONVLSTM;
  }

  /**
   * Whether it is a PredRNN, whose memory passes through all layers, and whose frames end in no
   * sigmoid.
   */
  boolean memory() {
    return ordinal() >= PREDRNN.ordinal();
  }
}
