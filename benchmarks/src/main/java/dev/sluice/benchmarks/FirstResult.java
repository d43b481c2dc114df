package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;

/** The shortest program with an LSTM; {@link StartUp} times it from outside. */
final class FirstResult {
  private FirstResult() {}

  /** Prints a number of the result. */
  public static void main(String[] args) {
    var options = Device.Options.defaults().engine("cpu").threads(Integer.parseInt(args[0]));
    try (var device = Device.open(options);
        var arena = device.arena("first");
        var pass = Pass.inference(device)) {
      var lstm = Rnn.lstm(16, 64).build(Weights.random(1), arena);
      var x = pass.tensor(Shape.of(10, 1, 16), new float[160]);
      System.out.println(lstm.forward(pass, x).y().floats()[0]);
    }
  }
}
