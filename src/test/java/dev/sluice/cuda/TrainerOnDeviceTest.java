package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.nn.Linear;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A trainer's steps: nothing comes to the host unless it is asked for. */
@Simulated
class TrainerOnDeviceTest extends OnBoth {
  /** Clipped in every step. */
  private static final class Run {
    final Linear model;
    final Trainer trainer;

    Run(Device device, DeviceArena arena) {
      model = new Linear(3, 2, Weights.random(1), arena);
      var adam = new Adam(model.parameters(), 0.1, arena);
      trainer = new Trainer(device, model, adam, Schedule.cosine(0.1, 20), 0.05);
    }

    void advance(float x) {
      trainer.advance(
          pass -> {
            var y = model.forward(pass, pass.tensor(Shape.of(1, 3), new float[] {x, 1, 2}));
            return Loss.mse().of(pass, y, pass.tensor(y.shape(), new float[2]));
          });
    }

    float[] weight() {
      return model.parameters().getFirst().value().floats();
    }
  }

  private static long toTheHost() {
    return Simulator.calls("cuMemcpyDtoHAsync_v2")
        + Simulator.calls("cuStreamSynchronize")
        + Simulator.calls("cuEventSynchronize");
  }

  @Test
  void nothingComesToTheHostUnlessAskedFor() {
    try (var here = cpu.arena();
        var there = cuda.arena()) {
      var expected = new Run(cpu, here);
      var got = new Run(cuda, there);
      for (int i = 0; i < 3; i++) {
        expected.advance(i);
        got.advance(i);
      }
      Simulator.clear();
      for (int i = 3; i < 8; i++) {
        expected.advance(i);
        got.advance(i);
      }
      assertEquals(0, toTheHost(), Simulator.calls());
      for (var call : List.of("cuMemAlloc_v2", "cuMemFree_v2", "cuModuleGetFunction")) {
        assertEquals(0, Simulator.calls(call), call);
      }
      assertEquals(expected.trainer.loss(), got.trainer.loss(), 1e-5);
      assertEquals(1, Simulator.calls("cuMemcpyDtoHAsync_v2"));
      assertEquals(expected.trainer.gradientNorm(), got.trainer.gradientNorm(), 1e-5);
      assertEquals(1, Simulator.calls("cuMemcpyDtoHAsync_v2"), "norm and loss come together");
      assertTrue(got.trainer.gradientNorm() > 0.05, "nothing was clipped");
      assertArrayEquals(expected.weight(), got.weight(), 1e-5f);
    }
  }

  /** Two steps after the broken one are enqueued before anybody looks. */
  @Test
  void fromABrokenStepOnNothingChangesUntilItIsAskedFor() {
    for (var device : List.of(cpu, cuda)) {
      try (var arena = device.arena()) {
        var run = new Run(device, arena);
        run.advance(1);
        run.advance(2);
        var before = run.weight();
        run.advance(Float.NaN);
        run.advance(1);
        run.advance(2);
        assertArrayEquals(before, run.weight());
        var e = assertThrows(ArithmeticException.class, run.trainer::gradientNorm);
        assertTrue(e.getMessage().startsWith("training step 3: "), e.getMessage());
        assertEquals(2, run.trainer.steps());
        run.advance(1);
        assertTrue(run.trainer.loss() > 0);
        assertEquals(3, run.trainer.steps());
      }
    }
  }
}
