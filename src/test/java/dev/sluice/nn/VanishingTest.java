package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A gradient that vanishes on its way back ends at zero, not in slow subnormal numbers. */
class VanishingTest {
  private static final int STEPS = 300;

  @ParameterizedTest
  @ValueSource(strings = {"tanh", "gru", "lstm"})
  void endsAtZero(String kind) {
    try (var device = Device.open(Device.Options.defaults().engine("cpu"));
        var arena = device.arena();
        var pass = Pass.training(device)) {
      var builder =
          switch (kind) {
            case "gru" -> Rnn.gru(2, 32);
            case "lstm" -> Rnn.lstm(2, 32);
            default -> Rnn.tanh(2, 32);
          };
      var rnn = builder.build(Weights.random(1), arena);
      var x = pass.watch(pass.zeros(DType.FLOAT32, Shape.of(STEPS, 2, 2)));
      pass.gradient(rnn.forward(pass, x).h()).set(filled(2 * 32));
      pass.backward();
      var dx = pass.gradient(x).floats();
      int slow = 0;
      for (float v : dx) {
        slow += v != 0 && Math.abs(v) < Float.MIN_NORMAL ? 1 : 0;
      }
      assertTrue(slow <= dx.length / 100, slow + " subnormal numbers of " + dx.length);
      assertEquals(0, dx[0], "the gradient of the first step");
      assertTrue(dx[dx.length - 1] != 0, "the gradient of the last step");
    }
  }

  private static float[] filled(int count) {
    var all = new float[count];
    Arrays.fill(all, 1e-3f);
    return all;
  }
}
