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
class SoftmaxCrossEntropyTest {
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

  /** Rows with softmax (1/4, 3/4), (1/2, 1/2), (1/5, 4/5). */
  private Tensor logits() {
    var values = new double[] {1, 1 + Math.log(3), -7, -7, 0, Math.log(4)};
    return pass.watch(pass.empty(DType.FLOAT64, Shape.of(3, 2)).set(values));
  }

  @Test
  void theMeanIsOverTheLabelsThatCount() {
    var x = logits();
    var loss = SoftmaxCrossEntropy.mean().of(pass, x, 0, -100, 1);
    assertEquals((Math.log(4) + Math.log(1.25)) / 2, loss.doubles()[0], 1e-15);
    pass.backward(loss);
    assertArrayEquals(
        new double[] {-0.375, 0.375, 0, 0, 0.1, -0.1}, pass.gradient(x).doubles(), 1e-15);
  }

  @Test
  void theSumIsDividedByNothing() {
    var x = logits();
    var loss = SoftmaxCrossEntropy.sum().of(pass, x, 1, 0, 1);
    assertEquals(Math.log(4 / 3.0) + Math.log(2) + Math.log(1.25), loss.doubles()[0], 1e-15);
    pass.backward(loss);
    assertArrayEquals(
        new double[] {0.25, -0.25, -0.5, 0.5, 0.2, -0.2}, pass.gradient(x).doubles(), 1e-15);
  }

  @Test
  void nothingCountsInASumOfIgnoredLabels() {
    var x = logits();
    var loss = SoftmaxCrossEntropy.sum().of(pass, x, -100, -100, -100);
    assertEquals(0, loss.doubles()[0]);
    pass.backward(loss);
    assertArrayEquals(new double[6], pass.gradient(x).doubles());
  }

  @Test
  void largeLogitsStayFinite() {
    var x = pass.watch(pass.empty(DType.FLOAT32, Shape.of(1, 2)).set(3e4f, -3e4f));
    var loss = SoftmaxCrossEntropy.mean().of(pass, x, 1);
    assertEquals(6e4, loss.doubles()[0]);
    pass.backward(loss);
    assertArrayEquals(new float[] {1, -1}, pass.gradient(x).floats());
  }

  private String refusal(SoftmaxCrossEntropy loss, int... labels) {
    return assertThrows(IllegalArgumentException.class, () -> loss.of(pass, logits(), labels))
        .getMessage();
  }

  @Test
  void namesTheFirstLabelOutside() {
    assertEquals(
        "cross entropy: labels: expected 0 to 1, or -100 to be ignored, got 2 at 1",
        refusal(SoftmaxCrossEntropy.mean(), 0, 2, -1));
    var other = new SoftmaxCrossEntropy(SoftmaxCrossEntropy.Reduction.SUM, -1);
    assertEquals(
        "cross entropy: labels: expected 0 to 1, or -1 to be ignored, got -100 at 2",
        refusal(other, 0, -1, -100));
    assertEquals(
        "cross entropy: labels: expected one for each row of [3, 2], got 2",
        refusal(SoftmaxCrossEntropy.mean(), 0, 1));
    assertEquals(
        "cross entropy: labels: expected at least one that is not ignored (-100)",
        refusal(SoftmaxCrossEntropy.mean(), -100, -100, -100));
  }
}
