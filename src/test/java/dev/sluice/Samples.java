package dev.sluice;

import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/** Numbers to feed, and what a test of threads needs. */
public final class Samples {
  private Samples() {}

  /** Uniform on [-1, 1). */
  public static float[] floats(long seed, long count) {
    var random = new Random(seed);
    var values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    return values;
  }

  /** A tensor of an arena, uniform on [-1, 1); the same numbers in every type. */
  public static Tensor tensor(DeviceArena arena, DType type, long seed, long... dims) {
    var shape = Shape.of(dims);
    return arena.empty(type, shape).set(floats(seed, shape.elements()));
  }

  /** Work that may throw. */
  @FunctionalInterface
  public interface Work {
    /** Does it. */
    void run() throws Throwable;
  }

  /** What work throws in a thread named stranger, or null. */
  public static Throwable thrownElsewhere(Work work) throws InterruptedException {
    var thrown = new AtomicReference<Throwable>();
    var thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Throwable t) {
                thrown.set(t);
              }
            },
            "stranger");
    thread.start();
    thread.join();
    return thrown.get();
  }
}
