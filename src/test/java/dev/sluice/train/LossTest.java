package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.TestDevice;
import dev.sluice.nn.Pass;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EachDevice
class LossTest {
  private Device device;
  private Pass pass;

  @BeforeEach
  void open() {
    device = TestDevice.open();
    pass = Pass.training(device);
  }

  @AfterEach
  void close() {
    pass.close();
    device.close();
  }

  private Tensor of(double... values) {
    return pass.watch(pass.empty(DType.FLOAT64, Shape.of(1, values.length)).set(values));
  }

  @Test
  void meanSquaredError() {
    var p = of(1, -2, 3, 0);
    var loss = Loss.mse().of(pass, p, of(0, 0, 1, 0));
    assertArrayEquals(new double[] {9 / 4.0}, loss.doubles());
    pass.backward(loss);
    assertArrayEquals(new double[] {0.5, -1, 1, 0}, pass.gradient(p).doubles(), 1e-15);
  }

  @Test
  void sigmoidCrossEntropy() {
    var x = of(0, 2, -3);
    var loss = Loss.bceWithLogits().of(pass, x, of(0.5, 1, 0.25));
    double expected =
        Math.log(2)
            + Math.log(1 + Math.exp(-2))
            + 0.25 * Math.log(1 + Math.exp(3))
            + 0.75 * Math.log(1 + Math.exp(-3));
    assertEquals(expected / 3, loss.doubles()[0], 1e-15);
    pass.backward(loss);
    assertArrayEquals(
        new double[] {0, (1 / (1 + Math.exp(-2)) - 1) / 3, (1 / (1 + Math.exp(3)) - 0.25) / 3},
        pass.gradient(x).doubles(),
        1e-15);
  }

  /** Central differences, for both losses. */
  @Test
  void gradientsAreThoseOfTheLoss() {
    double h = 1e-6;
    var values = new double[] {0.3, -1.2, 2.5};
    for (var kind : new Loss[] {Loss.mse(), Loss.bceWithLogits()}) {
      var x = of(values);
      var y = of(0.1, 0.9, 0.4);
      pass.backward(kind.of(pass, x, y));
      for (int i = 0; i < 3; i++) {
        var above = values.clone();
        var below = values.clone();
        above[i] += h;
        below[i] -= h;
        double difference =
            kind.of(pass, of(above), y).doubles()[0] - kind.of(pass, of(below), y).doubles()[0];
        assertEquals(difference / (2 * h), pass.gradient(x).doubles()[i], 1e-9);
      }
    }
  }

  @Test
  void twoLossesAddUp() {
    var p = of(1, -2);
    var first = Loss.mse().of(pass, p, of(0, 0));
    var second = Loss.mse().of(pass, p, of(0, 0));
    pass.gradient(first).set(new double[] {1});
    pass.gradient(second).set(new double[] {3});
    pass.backward();
    assertArrayEquals(new double[] {4, -8}, pass.gradient(p).doubles(), 1e-15);
  }

  @Test
  void addsLossesAlone() {
    var p = of(1, 2);
    var e = assertThrows(IllegalArgumentException.class, () -> Loss.sum(pass, p));
    assertEquals(
        "sum: expected losses of one element and one type, got [FLOAT64 [1, 2]]", e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> Loss.sum(pass));
    assertEquals("sum: expected at least one loss, got none", e.getMessage());
  }

  @Test
  void refusesTargetsThatDoNotFit() {
    var p = of(1, 2);
    var e = assertThrows(IllegalArgumentException.class, () -> Loss.mse().of(pass, p, of(1, 2, 3)));
    assertEquals(
        "mse: expected a target like the prediction, FLOAT64 [1, 2], got FLOAT64 [1, 3]",
        e.getMessage());
    var narrow = pass.zeros(DType.FLOAT32, Shape.of(1, 2));
    e =
        assertThrows(
            IllegalArgumentException.class, () -> Loss.bceWithLogits().of(pass, p, narrow));
    assertEquals(
        "bce_logits: expected a target like the prediction, FLOAT64 [1, 2], got FLOAT32 [1, 2]",
        e.getMessage());
  }
}
