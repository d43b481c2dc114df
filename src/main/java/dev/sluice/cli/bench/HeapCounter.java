package dev.sluice.cli.bench;

import java.lang.management.ManagementFactory;

/** Counts the Java heap bytes that all threads allocate, where this JVM can. */
public final class HeapCounter {
  private final com.sun.management.ThreadMXBean threads;

  private HeapCounter(com.sun.management.ThreadMXBean threads) {
    this.threads = threads;
  }

  /** {@return a counter, which counts nothing where module jdk.management is absent} */
  public static HeapCounter open() {
    if (ModuleLayer.boot().findModule("jdk.management").isEmpty()
        || !(ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean bean)
        || !bean.isThreadAllocatedMemorySupported()) {
      return new HeapCounter(null);
    }
    bean.setThreadAllocatedMemoryEnabled(true);
    return new HeapCounter(bean);
  }

  /** {@return whether it counts} */
  public boolean counts() {
    return threads != null;
  }

  /** {@return bytes that all threads allocated so far; 0 where nothing counts} */
  public long allocated() {
    return threads == null ? 0 : threads.getTotalThreadAllocatedBytes();
  }
}
