package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Pass;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two devices in one process; the simulator has as many as SLUICE_SIMULATOR_DEVICES says. */
@Simulated
class TwoDevicesTest {
  private Device first;
  private Device second;

  @BeforeEach
  void open() {
    assumeTrue(
        "2".equals(System.getenv("SLUICE_SIMULATOR_DEVICES")),
        "expected SLUICE_SIMULATOR_DEVICES=2 in the environment, as the simulated tests have it");
    first = Device.open("cuda:0");
    second = Device.open("cuda:1");
    Simulator.clear();
  }

  @AfterEach
  void close() {
    if (first != null) {
      first.close();
      second.close();
      assertEquals("", Simulator.report());
      assertEquals("", Simulator.ledger());
    }
  }

  private static final class Run {
    final ConvLstm cell;
    final Trainer trainer;

    Run(Device device, DeviceArena arena) {
      cell = new ConvLstm(new ConvLstm.Config(2, 3, 3), Weights.random(7), arena);
      var adam = new Adam(cell.parameters(), 0.01, arena);
      trainer = new Trainer(device, cell, adam, Schedule.constant(0.01), 1);
    }

    double step(int step) {
      return trainer.step(
          pass -> {
            var values = new float[3 * 2 * 4 * 4 * 2];
            for (int i = 0; i < values.length; i++) {
              values[i] = (i * 7 + step) % 11 / 11f;
            }
            var x = pass.tensor(Shape.of(3, 2, 4, 4, 2), values);
            var y = cell.forward(pass, x, null).y();
            return Loss.mse().of(pass, y, pass.zeros(y.type(), y.shape()));
          });
    }

    List<Double> steps() {
      var losses = new ArrayList<Double>();
      for (int i = 0; i < 4; i++) {
        losses.add(step(i));
      }
      return losses;
    }
  }

  @Test
  void areTwo() {
    assertNotEquals(first.title(), second.title());
  }

  @Test
  void oneThreadTakesTurns() {
    try (var here = first.arena();
        var there = second.arena()) {
      var one = new Run(first, here);
      var other = new Run(second, there);
      for (int i = 0; i < 4; i++) {
        assertEquals(one.step(i), other.step(i));
      }
      for (int i = 0; i < one.cell.parameters().size(); i++) {
        assertArrayEquals(
            one.cell.parameters().get(i).value().floats(),
            other.cell.parameters().get(i).value().floats());
      }
    }
  }

  @Test
  void twoThreadsWorkAtOnce() throws InterruptedException {
    try (var here = first.arena();
        var there = second.arena()) {
      var one = new Run(first, here);
      var other = new Run(second, there);
      var losses = new ArrayList<List<Double>>();
      var thread = Thread.ofPlatform().start(() -> losses.add(other.steps()));
      var own = one.steps();
      thread.join();
      assertEquals(List.of(own), losses);
    }
  }

  /** In the middle of a step of the one, the other takes a step. */
  @Test
  void aStepWithinAStep() {
    try (var here = first.arena();
        var there = second.arena()) {
      var one = new Run(first, here);
      var other = new Run(second, there);
      for (int i = 0; i < 4; i++) {
        int step = i;
        var inner = new double[1];
        try (var pass = Pass.training(first)) {
          pass.together(
              () -> {
                var x = pass.zeros(here.tensor(1).type(), Shape.of(2, 1, 4, 4, 2));
                one.cell.forward(pass, x, null);
                inner[0] = other.step(step);
                return one.cell.forward(pass, x, null);
              });
        }
        assertEquals(one.step(step), inner[0]);
      }
    }
  }

  @Test
  void aTensorOfTheOtherIsRefused() {
    try (var here = first.arena();
        var there = second.arena()) {
      var run = new Run(first, here);
      var x = there.tensor(3, 2, 4, 4, 2);
      try (var pass = Pass.inference(first)) {
        var e =
            assertThrows(
                IllegalArgumentException.class, () -> run.cell.forward(pass, x, null).y().floats());
        assertEquals(true, e.getMessage().contains(first.title()), e.getMessage());
      }
      run.step(0);
    }
  }
}
