package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EachDevice
class LinearTest extends OnDevice {
  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.training(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  private Linear linear(DType type) {
    var linear = new Linear(3, 2, type, Weights.random(1), arena);
    linear.parameters().get(0).value().set(1, 2, 3, 4, 5, 6);
    linear.parameters().get(1).value().set(10f, 20f);
    return linear;
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void multipliesAndGoesBack(DType type) {
    var linear = linear(type);
    var x = pass.watch(pass.empty(type, Shape.of(2, 1, 3)).set(1f, 0f, -1f, 0f, 2f, 0f));
    var y = linear.forward(pass, x);
    assertEquals(Shape.of(2, 1, 2), y.shape());
    assertArrayEquals(new float[] {8, 18, 14, 30}, y.floats());
    pass.gradient(y).set(1f, 2f, 0f, -1f);
    pass.backward();
    assertArrayEquals(new float[] {9, 12, 15, -4, -5, -6}, pass.gradient(x).floats());
    assertArrayEquals(
        new float[] {1, 0, -1, 2, -2, -2}, linear.parameters().get(0).gradient().floats());
    assertArrayEquals(new float[] {1, 1}, linear.parameters().get(1).gradient().floats());
  }

  @Test
  void gradientsOfWeightsAddUpOverPasses() {
    var linear = linear(DType.FLOAT32);
    for (int i = 1; i <= 3; i++) {
      try (var own = Pass.training(device)) {
        var y = linear.forward(own, own.tensor(Shape.of(1, 3), new float[] {1, 1, 1}));
        own.gradient(y).set(i, 0);
        own.backward();
      }
    }
    assertArrayEquals(
        new float[] {6, 6, 6, 0, 0, 0}, linear.parameters().get(0).gradient().floats());
    assertArrayEquals(new float[] {6, 0}, linear.parameters().get(1).gradient().floats());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void mapsNoRowsToNone(DType type) {
    var linear = linear(type);
    var x = pass.watch(pass.empty(type, Shape.of(0, 3)));
    var y = linear.forward(pass, x);
    assertEquals(Shape.of(0, 2), y.shape());
    pass.gradient(y);
    pass.backward();
    assertArrayEquals(new float[6], linear.parameters().get(0).gradient().floats());
  }

  @Test
  void refusesInputsThatDoNotFit() {
    var linear = linear(DType.FLOAT32);
    for (var x :
        new Tensor[] {
          pass.zeros(DType.FLOAT32, Shape.of(2, 4)),
          pass.zeros(DType.FLOAT64, Shape.of(2, 3)),
          pass.zeros(DType.FLOAT32, Shape.of())
        }) {
      var e = assertThrows(IllegalArgumentException.class, () -> linear.forward(pass, x));
      assertEquals("linear: x: expected FLOAT32 [..., 3], got " + x, e.getMessage());
    }
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new Linear(0, 2, Weights.random(1), arena));
    assertEquals("linear: expected sizes >= 1, got C 0, K 2", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new Linear(3, -2, Weights.random(1), arena));
  }
}
