package dev.sluice.cli.experiments;

import java.lang.management.ManagementFactory;

/**
 * Seconds on the wall and of all processors together since some moment. The second says more where
 * other programs run too.
 *
 * @param wall nanoseconds
 * @param processor nanoseconds, or -1 where nobody counts
 */
public record Clock(long wall, long processor) {
  /** {@return this moment} */
  public static Clock now() {
    return new Clock(System.nanoTime(), processorNanos());
  }

  private static long processorNanos() {
    return ModuleLayer.boot().findModule("jdk.management").isPresent()
            && ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean bean
        ? bean.getProcessCpuTime()
        : -1;
  }

  /** {@return seconds on the wall since then} */
  public double wallSeconds() {
    return (System.nanoTime() - wall) / 1e9;
  }

  /** {@return seconds of processor time since then, or NaN where nobody counts} */
  public double processorSeconds() {
    return processor < 0 ? Double.NaN : (processorNanos() - processor) / 1e9;
  }
}
