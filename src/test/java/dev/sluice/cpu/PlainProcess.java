package dev.sluice.cpu;

import dev.sluice.Device;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints what recurrent networks and a ConvLSTM give, after a line that says whether there are
 * vectors.
 */
final class PlainProcess {
  private PlainProcess() {}

  public static void main(String[] args) {
    System.out.println(VectorApi.PRESENT);
    for (var values : values()) {
      for (float value : values) {
        System.out.println(value);
      }
    }
  }

  /** y, dx and all gradients of each. */
  static List<float[]> values() {
    var all = new ArrayList<float[]>();
    try (var device = Device.open("cpu");
        var arena = device.arena()) {
      for (var builder : List.of(Rnn.lstm(5, 37), Rnn.gru(5, 37), Rnn.tanh(5, 37), Rnn.gru(5, 1))) {
        run(all, device, builder.layers(2).bidirectional().build(Weights.random(1), arena));
      }
      var cell = new ConvLstm(new ConvLstm.Config(2, 19, 3), Weights.random(2), arena);
      try (var pass = Pass.training(device)) {
        var x = pass.variable(Shape.of(3, 2, 4, 5, 2), Samples.floats(3, 240));
        var y = cell.forward(pass, x, null).y();
        pass.gradient(y).set(Samples.floats(4, y.shape().elements()));
        pass.backward();
        all.add(y.floats());
        all.add(pass.gradient(x).floats());
      }
      addGradients(all, cell);
    }
    return all;
  }

  private static void run(List<float[]> all, Device device, Rnn network) {
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(4, 3, 5), Samples.floats(1, 60));
      var y = network.forward(pass, x, new int[] {4, 2, 3}, null).y();
      pass.gradient(y).set(Samples.floats(2, y.shape().elements()));
      pass.backward();
      all.add(y.floats());
      all.add(pass.gradient(x).floats());
    }
    addGradients(all, network);
  }

  private static void addGradients(List<float[]> all, Layer layer) {
    layer.parameters().forEach(p -> all.add(p.gradient().floats()));
  }
}
