package dev.sluice.cli.verify;

import dev.sluice.nn.Activation;
import java.util.Map;

/** Functions of single elements: {@code exp.<name>} of {@code in.x}. */
final class ActivationsRunner implements CaseRunner {
  private static final Map<String, Activation> ALL =
      Map.of(
          "sigmoid", Activation.SIGMOID,
          "tanh", Activation.TANH,
          "relu", Activation.RELU,
          "hard_sigmoid_keras2", Activation.HARD_SIGMOID,
          "hard_sigmoid_onnx", Activation.HARD_SIGMOID,
          "hard_sigmoid_keras3", Activation.HARD_SIGMOID_KERAS3,
          "softmax", Activation.SOFTMAX);

  @Override
  public boolean knows(String key) {
    return key.equals("note");
  }

  @Override
  public void run(Trip trip) {
    for (var name : trip.subject().names("exp.")) {
      var activation = ALL.get(name.substring(4));
      if (activation == null) {
        trip.judge().gap(name + ": no activation of that name");
      } else {
        var x = trip.constant("in.x", Axes.SAME);
        trip.judge().output(name, activation.of(trip.pass(), x).doubles());
      }
    }
  }
}
