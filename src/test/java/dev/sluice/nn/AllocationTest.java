package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.sluice.Device;
import dev.sluice.train.Adam;
import dev.sluice.weights.Weights;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Bytes of Java heap that work on one thread takes; the least of many rounds, once compiled. */
class AllocationTest {
  private static final int ROUNDS = 1000;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The smallest object has 16 bytes: a step that made one would be seen. */
  @Test
  void stepsTakeNoHeap() {
    for (boolean train : new boolean[] {false, true}) {
      long more = bytes(110, train) - bytes(10, train);
      assertTrue(more < 100 * 16, "bytes of 100 steps more, training " + train + ": " + more);
    }
  }

  /** Forward through two layers, and in training backward and Adam. */
  private long bytes(int steps, boolean train) {
    long least = Long.MAX_VALUE;
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(1));
        var arena = device.arena()) {
      var lstm = Rnn.lstm(8, 16).layers(2).build(Weights.random(1), arena);
      var adam = new Adam(lstm.parameters(), 1e-3, arena);
      var x = arena.tensor(steps, 8, 8);
      for (int round = 0; round < ROUNDS; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        try (var pass = train ? Pass.training(device) : Pass.inference(device)) {
          var y = lstm.forward(pass, x).y();
          if (train) {
            pass.gradient(y);
            pass.backward();
            adam.step();
          }
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
    }
    return least;
  }
}
