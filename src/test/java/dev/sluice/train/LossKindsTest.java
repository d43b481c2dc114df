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

/** Losses against numbers by hand. */
@EachDevice
class LossKindsTest {
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
    return pass.watch(pass.empty(DType.FLOAT64, Shape.of(values.length)).set(values));
  }

  private void check(Loss kind, double[] p, double[] y, double expected, double... gradient) {
    var predicted = of(p);
    var loss = kind.of(pass, predicted, of(y));
    assertEquals(expected, loss.doubles()[0], 1e-14);
    pass.backward(loss);
    assertArrayEquals(gradient, pass.gradient(predicted).doubles(), 1e-14);
  }

  private static double[] at(double... values) {
    return values;
  }

  @Test
  void absoluteDifferences() {
    check(Loss.l1(), at(1, -2, 3, 0), at(0, 0, 3, 1), 1, 0.25, -0.25, 0, -0.25);
    check(Loss.l1().summed(), at(1, -2, 3, 0), at(0, 0, 3, 1), 4, 1, -1, 0, -1);
  }

  @Test
  void smoothAbsoluteDifferences() {
    check(Loss.smoothL1(1), at(0.5, -3), at(0, 0), (0.125 + 2.5) / 2, 0.25, -0.5);
    check(Loss.smoothL1(2), at(0.5, -3), at(0, 0), (0.0625 + 2) / 2, 0.125, -0.5);
  }

  @Test
  void sums() {
    check(Loss.mse().summed(), at(1, -2), at(0, 1), 10, 2, -6);
  }

  @Test
  void crossEntropyOfProbabilities() {
    double expected = -(Math.log(0.25) + 0.5 * Math.log(0.5) + 0.5 * Math.log(0.5)) / 2;
    check(Loss.bce(), at(0.25, 0.5), at(1, 0.5), expected, -2, 0);
    check(Loss.bce(), at(0), at(1), 100, -1e12);
    check(Loss.bce(), at(1), at(1), 0, 0);
  }

  @Test
  void lossesAreWeighedAndAdded() {
    var p = of(1, -2);
    var mse = Loss.mse().of(pass, p, of(0, 0));
    var l1 = Loss.l1().of(pass, p, of(0, 0));
    var total = Loss.sum(pass, mse, Loss.times(pass, l1, 4));
    assertEquals(2.5 + 6, total.doubles()[0], 1e-15);
    pass.backward(total);
    assertArrayEquals(at(1 + 2, -2 - 2), pass.gradient(p).doubles(), 1e-15);
  }

  @Test
  void refusesABetaOfZero() {
    var e = assertThrows(IllegalArgumentException.class, () -> Loss.smoothL1(0));
    assertEquals("smooth L1: expected beta > 0, got 0.0", e.getMessage());
  }
}
