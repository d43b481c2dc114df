package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.TestDevice;
import dev.sluice.nn.Dropout;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Pass;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

@EachDevice
class TrainerRandomTest {
  private final List<float[]> dropped = new ArrayList<>();

  private Tensor loss(Pass pass, Linear linear) {
    var ones = new float[64];
    Arrays.fill(ones, 1);
    var x = new Dropout(0.5).forward(pass, pass.tensor(Shape.of(1, 64), ones));
    dropped.add(x.floats());
    return Loss.mse().of(pass, linear.forward(pass, x), pass.zeros(DType.FLOAT32, Shape.of(1, 2)));
  }

  private static Trainer trainer(Device device, Linear linear, Optimiser optimiser) {
    return new Trainer(device, linear, optimiser, Schedule.constant(0.1), 1);
  }

  /** Another mask in every step, and after going on from a step the mask of that step. */
  @Test
  void masksBelongToTheStep() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var linear = new Linear(64, 2, Weights.random(1), arena);
      var trainer = trainer(device, linear, new Sgd(linear.parameters(), 0.1, arena));
      trainer.step(pass -> loss(pass, linear));
      trainer.step(pass -> loss(pass, linear));
      assertFalse(Arrays.equals(dropped.get(0), dropped.get(1)));
      var later = new Sgd(linear.parameters(), 0.1, arena);
      later.steps(1);
      trainer(device, linear, later).step(pass -> loss(pass, linear));
      assertArrayEquals(dropped.get(1), dropped.get(2));
    }
  }

  @Test
  void namesTheGradientThatIsNotFinite() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var linear = new Linear(64, 2, Weights.random(1), arena);
      linear.parameters().get(1).value().set(Float.NaN, 0);
      var trainer = trainer(device, linear, new Sgd(linear.parameters(), 0.1, arena));
      var e =
          assertThrows(ArithmeticException.class, () -> trainer.step(pass -> loss(pass, linear)));
      assertEquals(
          "training step 1: expected a finite loss and gradient, got a loss of NaN and a gradient"
              + " of norm NaN (gradient of weight: NaN at [0, 0]); a lower learning rate or a"
              + " smaller clipping norm may help",
          e.getMessage());
    }
  }
}
