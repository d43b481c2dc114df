package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.FaultWork;
import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.SluiceException;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Calls of oneDNN and mallocs of the CPU engine fail, one in each run of some work. Each time there
 * is an exception that names the call, its status and why; nothing stays open; the work succeeds
 * afterwards on the same device and gives the same bits. A process that died would print no counts.
 *
 * <p>{@code -Dsluice.test.faults=all} lets each call of each work fail; else it is some of each
 * function's, the first among them.
 */
class CpuFaultsTest {
  private static final int OUT_OF_MEMORY = 1;
  private static final int RUNTIME_ERROR = 5;
  private static final boolean ALL = "all".equals(System.getProperty("sluice.test.faults"));
  private static final int MOST_OF_A_CALL = 4;
  private static final long HANGS_AFTER = 60_000;
  private static final int SHOWN = 20;

  private static long calls;
  private static long injections;
  private static long leaks;

  @TempDir private Path cache;
  @TempDir private Path folder;
  private String before;
  private final List<String> problems = new ArrayList<>();

  @BeforeEach
  void ownCache() {
    // Before the cache is empty, or oneDNN would be unpacked into it.
    NativeLibraries.load(NativeLibrary.ONEDNN);
    before = System.getProperty("sluice.cache");
    System.setProperty("sluice.cache", cache.toString());
  }

  @AfterEach
  void restore() {
    NativeCalls.fail(call -> 0);
    if (before == null) {
      System.clearProperty("sluice.cache");
    } else {
      System.setProperty("sluice.cache", before);
    }
  }

  @AfterAll
  static void counts() {
    System.out.printf(
        "fault campaign, cpu: %d calls, %d injections, %d leaks%n", calls, injections, leaks);
  }

  private static Device open(FaultWork work) {
    int threads = work == FaultWork.SHARED_ROWS_TRAINING ? 2 : 1;
    return Device.open(Device.Options.defaults().engine("cpu").threads(threads));
  }

  @ParameterizedTest
  @EnumSource
  void everyFailureIsSaidAndLeavesNothing(FaultWork work) throws Exception {
    var counts = new ConcurrentHashMap<String, Integer>();
    var expected = new AtomicReference<float[]>();
    ended(
        () -> {
          try (var device = open(work)) {
            expected.set(work.run("cpu", device, folder));
          }
        });
    long open = NativeCalls.open();
    ended(
        () -> {
          try (var device = work.opens() ? null : open(work)) {
            NativeCalls.fail(
                call -> {
                  counts.merge(call, 1, Integer::sum);
                  return 0;
                });
            work.run("cpu", device, folder);
          }
        });
    NativeCalls.fail(call -> 0);
    assertEquals(open, NativeCalls.open());
    assertTrue(counts.containsKey("malloc"), counts.toString());
    calls += counts.values().stream().mapToInt(Integer::intValue).sum();
    for (var call : Map.copyOf(counts).entrySet()) {
      int stride = ALL ? 1 : Math.max(1, call.getValue() / MOST_OF_A_CALL);
      for (int at = 1; at <= call.getValue(); at += stride) {
        boolean memory = at / stride % 2 == 1;
        if (ALL || memory) {
          new Case(work, call.getKey(), at, OUT_OF_MEMORY, expected.get()).run();
        }
        if (ALL || !memory) {
          new Case(work, call.getKey(), at, RUNTIME_ERROR, expected.get()).run();
        }
      }
    }
    System.out.printf("%s: %s, problems %d%n", work, counts, problems.size());
    assertEquals(List.of(), problems.subList(0, Math.min(SHOWN, problems.size())));
  }

  /** In a thread of its own, as a caller that has not used the device yet. */
  private static void ended(Runnable work) throws InterruptedException {
    var thrown = new AtomicReference<Throwable>();
    var thread = Thread.ofPlatform().daemon().unstarted(work);
    thread.setUncaughtExceptionHandler((t, e) -> thrown.set(e));
    thread.start();
    thread.join(HANGS_AFTER);
    if (thread.isAlive()) {
      throw new AssertionError("hangs at " + List.of(thread.getStackTrace()));
    }
    if (thrown.get() != null) {
      throw new AssertionError(thrown.get());
    }
  }

  /** One call that fails once. */
  private final class Case {
    private final FaultWork work;
    private final String call;
    private final int at;
    private final int status;
    private final float[] expected;

    Case(FaultWork work, String call, int at, int status, float[] expected) {
      this.work = work;
      this.call = call;
      this.at = at;
      this.status = status;
      this.expected = expected;
    }

    void run() throws InterruptedException {
      long open = NativeCalls.open();
      try {
        ended(this::once);
      } catch (AssertionError e) {
        e.printStackTrace();
        problems.add(this + ": " + e);
      }
      if (NativeCalls.open() != open) {
        leaks++;
        problems.add(this + ": " + (NativeCalls.open() - open) + " objects are left open");
      }
      empty();
    }

    private void once() {
      var met = new AtomicInteger();
      SluiceException failure = null;
      var device = work.opens() ? null : open(work);
      NativeCalls.fail(c -> c.equals(call) && met.incrementAndGet() == at ? status : 0);
      try {
        work.run("cpu", device, folder);
      } catch (SluiceException e) {
        failure = e;
      }
      NativeCalls.fail(c -> 0);
      if (device != null) {
        if (device.memory().used() != 0) {
          problems.add(this + ": the pool has " + device.memory());
        }
        assertArrayEquals(expected, work.run("cpu", device, folder), toString());
        device.close();
      }
      injections += met.get() >= at ? 1 : 0;
      judge(met.get() >= at, failure);
    }

    private void judge(boolean happened, SluiceException failure) {
      if (!happened) {
        if (!timed() || failure != null) {
          problems.add(this + ": not reached, " + failure);
        }
      } else if (failure == null) {
        problems.add(this + ": no exception");
      } else if (!(failure instanceof NativeException e) || !named(e)) {
        problems.add(this + ": got " + failure);
      }
    }

    /** Where the faster layout is taken, runs differ in what they call. */
    private boolean timed() {
      return work == FaultWork.CHOICES || work == FaultWork.BLOCKED_CHOICES;
    }

    private boolean named(NativeException e) {
      boolean memory = status == OUT_OF_MEMORY || call.equals("malloc");
      return e.call().startsWith(call)
          && (e.code() == status || call.equals("malloc"))
          && e instanceof OutOfDeviceMemoryException == memory
          && !e.reason().isBlank();
    }

    @Override
    public String toString() {
      return "%s: %s, call %d, status %d".formatted(work, call, at, status);
    }
  }

  /** Leaves no file of one run to another. */
  private void empty() {
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
