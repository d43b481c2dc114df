package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.TestDevice;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.HashSet;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@EachDevice
class PassTest {
  private Device device;

  @BeforeEach
  void open() {
    device = TestDevice.open();
  }

  @AfterEach
  void close() {
    device.close();
  }

  @Test
  void refusesToGoBackTwiceOverTheSameWork() {
    try (var arena = device.arena();
        var pass = Pass.training(device)) {
      var linear = new Linear(1, 1, Weights.random(1), arena);
      var y = linear.forward(pass, pass.tensor(Shape.of(1, 1), new float[] {1}));
      var first = Loss.mse().of(pass, y, pass.tensor(Shape.of(1, 1), new float[] {0}));
      var second = Loss.l1().of(pass, y, pass.tensor(Shape.of(1, 1), new float[] {9}));
      pass.backward(first);
      var e = assertThrows(IllegalStateException.class, () -> pass.backward(second));
      assertTrue(e.getMessage().startsWith("backward: expected work since"), e.getMessage());
      pass.backward(Loss.times(pass, second, 1));
    }
  }

  @Test
  void refusesForeignThreads() throws InterruptedException {
    try (var arena = device.arena();
        var pass = Pass.training(device)) {
      var x = pass.tensor(Shape.of(2, 1, 3), new float[6]);
      var lstm = Rnn.lstm(3, 4).build(Weights.random(1), arena);
      String expected =
          "pass: expected the thread that opened it, "
              + Thread.currentThread().getName()
              + ", got stranger";
      var calls =
          Map.<String, Executable>of(
              "empty", () -> pass.empty(DType.FLOAT32, Shape.of(1)),
              "zeros", () -> pass.zeros(DType.FLOAT32, Shape.of(1)),
              "tensor", () -> pass.tensor(Shape.of(1), new float[1]),
              "forward", () -> lstm.forward(pass, x),
              "watch", () -> pass.watch(x),
              "backward", pass::backward,
              "stream", pass::stream,
              "close", pass::close);
      for (var call : calls.entrySet()) {
        var e = Samples.thrownElsewhere(call.getValue()::execute);
        assertEquals(IllegalStateException.class, e.getClass(), call.getKey());
        assertEquals(expected, e.getMessage(), call.getKey());
      }
      for (Executable copy : new Executable[] {x::floats, () -> x.set(new float[6])}) {
        var e = Samples.thrownElsewhere(copy::execute);
        assertEquals(IllegalStateException.class, e.getClass());
        assertTrue(e.getMessage().endsWith("stranger asked for it"), e.getMessage());
      }
      assertEquals(8, lstm.forward(pass, x).y().floats().length, "the pass is as it was");
    }
  }

  @Test
  void closedItDoesNothingMore() {
    try (var arena = device.arena()) {
      var lstm = Rnn.lstm(3, 4).build(Weights.random(1), arena);
      var pass = Pass.training(device);
      var x = pass.tensor(Shape.of(2, 1, 3), new float[6]);
      pass.close();
      pass.close();
      for (Executable call :
          new Executable[] {
            () -> pass.empty(DType.FLOAT32, Shape.of(1)),
            () -> lstm.forward(pass, x),
            () -> pass.gradient(x),
            pass::backward,
            pass::stream
          }) {
        var e = assertThrows(IllegalStateException.class, call);
        assertEquals("pass: expected open, but it is closed", e.getMessage());
      }
      assertThrows(IllegalStateException.class, x::floats);
      try (var next = Pass.inference(device)) {
        var e = assertThrows(IllegalStateException.class, () -> lstm.forward(next, x));
        assertEquals(
            "tensor of a training pass: expected an open arena, but it is closed", e.getMessage());
      }
    }
  }

  @Test
  void keepsTheDeviceOpen() {
    try (var pass = Pass.inference(device)) {
      assertFalse(pass.training());
      var e = assertThrows(IllegalStateException.class, device::close);
      assertTrue(e.getMessage().endsWith("open are [an inference pass]"), e.getMessage());
    }
  }

  @Test
  void nestsOnOneThread() {
    var outer = Pass.training(device);
    var x = outer.variable(Shape.of(2), new float[] {1, 2});
    try (var inner = Pass.inference(device)) {
      assertSame(outer.stream(), inner.stream());
      assertArrayEquals(new float[] {5}, inner.tensor(Shape.of(1), new float[] {5}).floats());
    }
    outer.backward(Loss.mse().of(outer, x, outer.tensor(Shape.of(2), new float[2])));
    assertArrayEquals(new float[] {1, 2}, outer.gradient(x).floats());
    var inner = Pass.inference(device);
    outer.close();
    assertArrayEquals(new float[] {7}, inner.tensor(Shape.of(1), new float[] {7}).floats());
    inner.close();
    assertEquals(0, device.memory().used());
  }

  @Test
  void streamsAreLentAgain() throws InterruptedException {
    var streams = new HashSet<Stream>();
    for (int i = 0; i < 10; i++) {
      assertNull(
          Samples.thrownElsewhere(
              () -> {
                try (var pass = Pass.inference(device)) {
                  streams.add(pass.stream());
                }
              }));
    }
    assertEquals(1, streams.size());
  }

  @Test
  void inferenceDoesNotGoBack() {
    try (var pass = Pass.inference(device)) {
      var x = pass.variable(Shape.of(1), new float[1]);
      assertFalse(pass.wants(x));
      assertEquals(
          "backward: expected a training pass, got an inference pass",
          assertThrows(IllegalStateException.class, pass::backward).getMessage());
      var loss = Loss.mse().of(pass, x, pass.tensor(Shape.of(1), new float[1]));
      assertThrows(IllegalArgumentException.class, () -> pass.backward(loss));
    }
  }

  @Test
  void onlyWatchedTensorsHaveGradients() {
    try (var pass = Pass.training(device)) {
      var x = pass.tensor(Shape.of(2, 2), new float[4]);
      assertEquals(
          "gradient: expected a watched tensor of a training pass, got FLOAT32 [2, 2]",
          assertThrows(IllegalArgumentException.class, () -> pass.gradient(x)).getMessage());
      pass.watch(x.at(1));
      assertArrayEquals(new float[4], pass.gradient(x).floats());
      pass.gradient(x.at(1)).set(3, 4);
      assertArrayEquals(new float[] {0, 0, 3, 4}, pass.gradient(x).floats(), "views share it");
    }
  }

  @Test
  void aLossIsOneNumber() {
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(3), new float[3]);
      assertEquals(
          "backward: expected a loss of one element, got [3]",
          assertThrows(IllegalArgumentException.class, () -> pass.backward(x)).getMessage());
      assertEquals(
          "backward: expected a loss and a scale of one element and one type, got FLOAT32 [1] and"
              + " FLOAT32 [3]",
          assertThrows(IllegalArgumentException.class, () -> pass.backward(x.slice(0, 1), x))
              .getMessage());
    }
  }

  /** Two layers on one input: both paths count, and so does every use of an output. */
  @Test
  void gradientsOfAllUsesAddUp() {
    try (var arena = device.arena();
        var pass = Pass.training(device)) {
      var linear = new Linear(2, 2, Weights.random(3), arena);
      linear.parameters().get(0).value().set(1, 2, 3, 4);
      var x = pass.variable(Shape.of(1, 2), new float[] {1, 1});
      var once = linear.forward(pass, x);
      var twice = linear.forward(pass, once);
      pass.gradient(once).set(1, 0);
      pass.gradient(twice).set(0, 1);
      pass.backward();
      // dtwice W = (3, 4) joins the (1, 0) that arrived: (4, 4) W = (16, 24).
      assertArrayEquals(new float[] {16, 24}, pass.gradient(x).floats());
      assertArrayEquals(new float[] {4, 5}, linear.parameters().get(1).gradient().floats());
    }
  }

  @Test
  void aSteadyTrainingLoopReservesNothingMore() {
    try (var arena = device.arena()) {
      var lstm = Rnn.lstm(5, 7).build(Weights.random(1), arena);
      long reserved = 0;
      for (int round = 0; round < 30; round++) {
        try (var pass = Pass.training(device)) {
          var x = pass.tensor(Shape.of(6, 2, 5), Samples.floats(round, 60));
          var y = lstm.forward(pass, x).y();
          pass.backward(Loss.mse().of(pass, y, pass.zeros(DType.FLOAT32, y.shape())));
        }
        if (round == 1) {
          reserved = device.memory().reserved();
        }
        assertEquals(round < 1 ? device.memory().reserved() : reserved, device.memory().reserved());
      }
      assertEquals(arena.bytes(), device.memory().used());
    }
  }

  @Test
  void aModelOfAnotherDeviceIsRefused() {
    try (var other = TestDevice.open();
        var arena = other.arena();
        var pass = Pass.inference(device)) {
      var lstm = Rnn.lstm(1, 2).build(Weights.random(1), arena);
      var x = pass.tensor(Shape.of(1, 2, 1), new float[2]);
      var e = assertThrows(IllegalArgumentException.class, () -> lstm.forward(pass, x));
      assertEquals(
          "expected weights of the pass's device, %s, got weights of another, %s"
              .formatted(device.title(), other.title()),
          e.getMessage());
    }
  }
}
