package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.Weights;
import java.util.Random;
import org.junit.jupiter.api.Test;

@EachDevice
class ConvGruTest {
  private static final int K = 3;

  private static ConvGru.Config config(ConvGru.Reset reset, Blend blend) {
    return new ConvGru.Config(2, K, 3, 5, reset, blend);
  }

  /** Negated rows of z turn one blend into the other. */
  @Test
  void theBlendsDifferByASign() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var values = new Random(1).doubles(3 * 2 * 4 * 5 * 2, -1, 1).toArray();
      var x = pass.empty(DType.FLOAT64, Shape.of(3, 2, 4, 5, 2)).set(values);
      for (var reset : ConvGru.Reset.values()) {
        var keep =
            new ConvGru(config(reset, Blend.KEEP), DType.FLOAT64, "", Weights.random(1), arena);
        var update =
            new ConvGru(config(reset, Blend.UPDATE), DType.FLOAT64, "", Weights.random(1), arena);
        for (var parameter : update.parameters()) {
          var numbers = parameter.value().doubles();
          int gate = numbers.length / 3;
          for (int i = gate; i < 2 * gate; i++) {
            numbers[i] = -numbers[i];
          }
          parameter.value().set(numbers);
          parameter.changed();
        }
        assertArrayEquals(
            keep.forward(pass, x, null).y().doubles(),
            update.forward(pass, x, null).y().doubles(),
            1e-14);
      }
    }
  }

  @Test
  void theResetsAreTwoFunctions() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var x = pass.empty(DType.FLOAT64, Shape.of(2, 1, 1, 1, 2)).set(1, 2, 3, 4f);
      double[][] y = new double[2][];
      for (var reset : ConvGru.Reset.values()) {
        var cell =
            new ConvGru(config(reset, Blend.KEEP), DType.FLOAT64, "", Weights.random(1), arena);
        y[reset.ordinal()] = cell.forward(pass, x, null).h().doubles();
      }
      assertThrows(AssertionError.class, () -> assertArrayEquals(y[0], y[1], 1e-6));
    }
  }

  @Test
  void refusesAStateOfOtherSizes() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var cell =
          new ConvGru(new ConvGru.Config(2, K, 3), DType.FLOAT32, "", Weights.random(1), arena);
      var x = pass.zeros(DType.FLOAT32, Shape.of(2, 1, 4, 5, 2));
      var h = pass.zeros(DType.FLOAT32, Shape.of(1, 4, 4, K));
      var e = assertThrows(IllegalArgumentException.class, () -> cell.forward(pass, x, h));
      assertEquals(
          "convgru: h0: expected [1, 4, 5, 3] ([N, H, W, K]), got [1, 4, 4, 3]", e.getMessage());
    }
  }
}
