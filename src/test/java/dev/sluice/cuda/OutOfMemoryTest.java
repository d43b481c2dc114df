package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.Shape;
import dev.sluice.nn.ConvGru;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * No room at any allocation of a training step leaves the model as it was, and the device usable.
 */
@Simulated
class OutOfMemoryTest {
  private static final String CALL = "cuMemAlloc_v2";
  private static final int STEPS = 3;

  private static final class Run {
    final ConvGru cell;
    final Trainer trainer;

    Run(Device device, DeviceArena arena) {
      var config = new ConvGru.Config(2, 3, 3);
      cell = new ConvGru(config, DType.FLOAT32, "", Weights.random(7), arena);
      var adam = new Adam(cell.parameters(), 0.01, arena);
      trainer = new Trainer(device, cell, adam, Schedule.constant(0.01), 1);
    }

    void step() {
      trainer.advance(
          pass -> {
            var values = new float[3 * 2 * 4 * 4 * 2];
            for (int i = 0; i < values.length; i++) {
              values[i] = (i * 7 + trainer.steps()) % 11 / 11f;
            }
            var x = pass.tensor(Shape.of(3, 2, 4, 4, 2), values);
            var y = cell.forward(pass, x, null).y();
            return Loss.mse().of(pass, y, pass.zeros(y.type(), y.shape()));
          });
    }

    List<float[]> weights() {
      return cell.parameters().stream().map(p -> p.value().floats()).toList();
    }
  }

  private static void same(List<float[]> expected, List<float[]> got, String what) {
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i), what);
    }
  }

  private List<float[]> undisturbed() {
    try (var device = Simulator.open();
        var arena = device.arena()) {
      var run = new Run(device, arena);
      Simulator.clear();
      for (int i = 0; i < STEPS; i++) {
        run.step();
      }
      return run.weights();
    }
  }

  @Test
  void atAnyAllocation() {
    var expected = undisturbed();
    undisturbed();
    long count = Simulator.calls(CALL);
    int failed = 0;
    for (int at = 1; at <= count; at++) {
      failed += fails(at, expected) ? 1 : 0;
    }
    assertEquals(count, failed);
  }

  /** Whether a step failed. */
  private static boolean fails(int at, List<float[]> expected) {
    boolean failed = false;
    try (var device = Simulator.open();
        var arena = device.arena()) {
      var run = new Run(device, arena);
      var before = run.weights();
      Simulator.clear();
      // The pool and scratch memory try again with less.
      for (int i = 0; i < 4; i++) {
        Simulator.inject(CALL, at + i, 2);
      }
      for (int i = 0; i < STEPS; i++) {
        try {
          run.step();
        } catch (OutOfDeviceMemoryException e) {
          failed = true;
          Simulator.clear();
          assertEquals(i, run.trainer.steps());
          same(before, run.weights(), "allocation " + at);
          run.step();
        }
        before = run.weights();
      }
      same(expected, before, "allocation " + at + ", all steps");
    }
    assertEquals("", Simulator.report());
    assertEquals("", Simulator.ledger());
    return failed;
  }
}
