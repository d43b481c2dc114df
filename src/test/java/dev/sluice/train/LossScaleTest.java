package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Shape;
import dev.sluice.nn.Linear;
import dev.sluice.weights.Weights;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gradients that hold a power of two more than they should. */
@EachDevice
class LossScaleTest extends OnDevice {
  @TempDir Path folder;

  private final class Run {
    final Linear model = new Linear(2, 1, Weights.random(1), arena);
    final Trainer trainer;

    Run(LossScale scale) {
      var adam = new Adam(model.parameters(), 0.1, arena);
      trainer = new Trainer(device, model, adam, Schedule.constant(0.1), 0.5, 0, scale);
    }

    double step(double x) {
      return trainer.step(
          pass -> {
            var input = pass.tensor(Shape.of(1, 2), new float[] {(float) x, 1});
            return Loss.l1()
                .of(pass, model.forward(pass, input), pass.tensor(Shape.of(1, 1), new float[1]));
          });
    }

    float[] weight() {
      return model.parameters().get(0).value().floats();
    }
  }

  @Test
  void aPowerOfTwoChangesNoBit() {
    var plain = new Run(LossScale.NONE);
    var scaled = new Run(new LossScale(0x1p12, 2));
    for (int i = 0; i < 6; i++) {
      assertEquals(plain.step(i - 2.5), scaled.step(i - 2.5));
      assertEquals(plain.trainer.gradientNorm(), scaled.trainer.gradientNorm());
      assertArrayEquals(plain.weight(), scaled.weight());
    }
    assertEquals(0x1p15, scaled.trainer.lossScale());
    assertEquals(0, scaled.trainer.skipped());
  }

  @Test
  void theScaleIsBounded() {
    var run = new Run(new LossScale(LossScale.LARGEST / 2, 1));
    for (int i = 0; i < 3; i++) {
      run.step(1);
    }
    assertEquals(LossScale.LARGEST, run.trainer.lossScale());
  }

  /** The squares of 1e16 times 2^10 can be added in float32, those of 1e16 times 2^11 cannot. */
  @Test
  void aStepThatOverflowsIsSkippedAndTheScaleHalved() {
    var run = new Run(new LossScale(0x1p12, 100));
    var before = run.weight();
    for (int i = 1; i <= 2; i++) {
      run.step(1e16);
      assertArrayEquals(before, run.weight());
      assertEquals(Math.scalb(1.0, 12 - i), run.trainer.lossScale());
      assertEquals(i, run.trainer.skipped());
      assertEquals(i, run.trainer.steps());
    }
    run.step(1e16);
    assertTrue(before[0] != run.weight()[0], "no step was taken");
    assertEquals(2, run.trainer.skipped());
    assertEquals(1e16, run.trainer.gradientNorm(), 1e10);
  }

  @Test
  void whatNoScaleMendsIsAnError() {
    var run = new Run(new LossScale(2, 100));
    run.step(1e30);
    assertEquals(1, run.trainer.lossScale());
    var e = assertThrows(ArithmeticException.class, () -> run.step(1e30));
    assertTrue(e.getMessage().startsWith("training step 2: expected a finite"), e.getMessage());
    assertEquals(1, run.trainer.steps());
    assertThrows(ArithmeticException.class, () -> run.step(Double.NaN));
    run.step(1);
    assertEquals(2, run.trainer.steps());
  }

  @Test
  void aCheckpointHoldsTheScale() {
    var whole = new Run(new LossScale(0x1p12, 2));
    double[] inputs = {1e16, 1, 2, 3, 1, 2};
    for (int i = 0; i < inputs.length; i++) {
      whole.step(inputs[i]);
      if (i == 2) {
        whole.trainer.save(folder, Map.of());
      }
    }
    var second = new Run(new LossScale(0x1p12, 2));
    second.trainer.restore(Checkpoint.open(folder));
    assertEquals(0x1p12, second.trainer.lossScale());
    assertEquals(1, second.trainer.skipped());
    for (int i = 3; i < inputs.length; i++) {
      second.step(inputs[i]);
    }
    assertArrayEquals(whole.weight(), second.weight());
    assertEquals(whole.trainer.lossScale(), second.trainer.lossScale());
  }

  @Test
  void onlyFloat16IsScaledByItself() {
    assertEquals(LossScale.NONE, LossScale.of(device));
    assertThrows(IllegalArgumentException.class, () -> new LossScale(3, 10));
    assertThrows(IllegalArgumentException.class, () -> new LossScale(0x1p25, 10));
    assertThrows(IllegalArgumentException.class, () -> new LossScale(Double.NaN, 10));
    assertThrows(IllegalArgumentException.class, () -> new LossScale(2, 0));
  }
}
