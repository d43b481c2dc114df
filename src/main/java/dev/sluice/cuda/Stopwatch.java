package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How long the device takes for what is enqueued, by two events around it. */
final class Stopwatch {
  private Stopwatch() {}

  /** {@return milliseconds; waits for the work} */
  static float milliseconds(CudaStream stream, Runnable work) {
    var driver = stream.backend().driver();
    var from = driver.timer();
    try {
      var to = driver.timer();
      try (var arena = Arena.ofConfined()) {
        driver.call("cuEventRecord", () -> cuEventRecord(from, stream.handle()));
        work.run();
        driver.call("cuEventRecord", () -> cuEventRecord(to, stream.handle()));
        driver.call("cuEventSynchronize", () -> cuEventSynchronize(to));
        var time = arena.allocate(ValueLayout.JAVA_FLOAT);
        driver.call("cuEventElapsedTime", () -> cuEventElapsedTime(time, from, to));
        return time.get(ValueLayout.JAVA_FLOAT, 0);
      } finally {
        destroy(driver, to);
      }
    } finally {
      destroy(driver, from);
    }
  }

  private static void destroy(Driver driver, MemorySegment event) {
    if (driver.lost() == null) {
      driver.destroyEvent(event);
    }
  }
}
