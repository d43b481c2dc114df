package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One model, many threads. */
@EachDevice
class ThreadsTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 200;

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void inferencesInManyThreadsAreThoseOfOne(int threads) throws Exception {
    try (var device = TestDevice.open(threads);
        var arena = device.arena()) {
      var lstm = Rnn.lstm(7, 20).layers(2).bidirectional().build(Weights.random(1), arena);
      var expected = new ArrayList<float[]>();
      for (int i = 0; i < 10; i++) {
        expected.add(infer(device, lstm, i));
      }
      inThreads(
          number -> {
            for (int round = 0; round < ROUNDS; round++) {
              int i = (round + number) % 10;
              assertArrayEquals(expected.get(i), infer(device, lstm, i));
            }
          });
      assertEquals(arena.bytes(), device.memory().used());
    }
  }

  /** Sequences of several lengths, so that plans and packed weights are made at the same time. */
  private static float[] infer(Device device, Rnn lstm, int i) {
    int steps = 2 + i % 3;
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(steps, 3, 7), Samples.floats(i, steps * 21L));
      return lstm.forward(pass, x).y().floats();
    }
  }

  @Test
  void framesInManyThreadsAreThoseOfOne() throws Exception {
    try (var device = TestDevice.open(1);
        var arena = device.arena()) {
      var cell = new ConvLstm(new ConvLstm.Config(3, 5, 3), Weights.random(1), arena);
      var expected = inferFrames(device, cell);
      inThreads(
          number -> {
            for (int round = 0; round < 20; round++) {
              assertArrayEquals(expected, inferFrames(device, cell));
            }
          });
    }
  }

  private static float[] inferFrames(Device device, ConvLstm cell) {
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(3, 2, 6, 5, 3), Samples.floats(1, 3 * 2 * 6 * 5 * 3));
      return cell.forward(pass, x, null).y().floats();
    }
  }

  private interface Work {
    void run(int number);
  }

  /** All start together; the first failure is thrown. */
  private static void inThreads(Work work) throws Exception {
    var ready = new CountDownLatch(THREADS);
    try (var pool = Executors.newFixedThreadPool(THREADS)) {
      var all = new ArrayList<Future<?>>();
      for (int i = 0; i < THREADS; i++) {
        int number = i;
        Callable<Void> task =
            () -> {
              ready.countDown();
              ready.await();
              work.run(number);
              return null;
            };
        all.add(pool.submit(task));
      }
      for (var future : all) {
        future.get();
      }
    }
  }
}
