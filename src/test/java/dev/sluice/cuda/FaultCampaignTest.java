package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.FaultWork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Native calls fail, one in each run of a scenario. Each time there is an exception that names the
 * call, its status and why; nothing stays open; the work succeeds afterwards on the same device, or
 * where the failure was sticky each call throws the first cause and the driver is asked no more.
 *
 * <p>{@code -Dsluice.test.faults=all} lets each call of each scenario fail, {@code =N} about so
 * many in each way over all of them; else it is about ten. The first and the last of each function
 * are among them. A process that died would print no counts.
 */
@Simulated
class FaultCampaignTest {
  private static final String FAULTS = System.getProperty("sluice.test.faults", "");
  private static final boolean MANY = !FAULTS.isEmpty();
  private static final Set<FaultWork> LONG =
      EnumSet.of(
          FaultWork.SHARED_ROWS_TRAINING, FaultWork.PREDRNN_TRAINING, FaultWork.BLOCKED_CHOICES);
  private static final int MOST =
      !MANY ? 10 : FAULTS.equals("all") ? Integer.MAX_VALUE : Integer.parseInt(FAULTS);
  private static final long HANGS_AFTER = 60_000;
  private static final int SHOWN = 20;

  private static long calls;
  private static long injections;
  private static long leaks;
  private static long hangs;

  @TempDir private Path cache;
  @TempDir private Path folder;
  private String before;

  @BeforeEach
  void simulated() throws Exception {
    before = System.getProperty("sluice.cache");
    System.setProperty("sluice.cache", cache.toString());
    Simulator.open().close();
    Simulator.reset();
  }

  @AfterEach
  void restore() {
    Simulator.reset();
    if (before == null) {
      System.clearProperty("sluice.cache");
    } else {
      System.setProperty("sluice.cache", before);
    }
  }

  @AfterAll
  static void counts() {
    System.out.printf(
        "fault campaign: %d calls, %d injections, %d leaks, %d hangs%n",
        calls, injections, leaks, hangs);
  }

  @Test
  void everyFailureOfTheFirstLook() throws Exception {
    everyFailureIsSaidAndLeavesNothing(FaultScenario.installation());
  }

  @ParameterizedTest
  @EnumSource
  void everyFailure(FaultWork work) throws Exception {
    assumeTrue(
        MANY || !LONG.contains(work), "only with -Dsluice.test.faults=all: it takes minutes");
    everyFailureIsSaidAndLeavesNothing(FaultScenario.of(work));
  }

  private void everyFailureIsSaidAndLeavesNothing(FaultScenario scenario) throws Exception {
    var expected = work(scenario);
    Simulator.clear();
    work(scenario);
    assertEquals("", Simulator.report());
    assertEquals("", Simulator.ledger());
    var counts = counted(scenario);
    calls += counts.lines().mapToInt(line -> Integer.parseInt(line.split(" ")[1])).sum();
    var problems = new ArrayList<String>();
    for (var kind : Fault.Kind.values()) {
      if (kind == Fault.Kind.LAUNCH_FAILED && !MANY) {
        continue;
      }
      var told = new TreeMap<String, Integer>();
      for (var fault : Fault.of(kind, counts, MOST)) {
        if (fault.sticky()) {
          Simulator.reset();
        }
        one(new FaultCase(scenario, fault, folder, expected), fault, told, problems);
      }
      System.out.println(
          scenario + " " + kind + ": " + told + ", problems so far " + problems.size());
    }
    assertEquals(List.of(), problems.subList(0, Math.min(SHOWN, problems.size())));
    Simulator.reset();
    var again = work(scenario);
    assertEquals("", Simulator.report());
    assertEquals(expected.length, again.length);
  }

  private void one(
      FaultCase fresh, Fault fault, TreeMap<String, Integer> told, List<String> problems)
      throws Exception {
    var thrown = new AtomicReference<Throwable>();
    boolean hung = !ended(fresh::run, thrown);
    injections += fresh.happened() ? 1 : 0;
    leaks += fresh.leaked() ? 1 : 0;
    hangs += hung ? 1 : 0;
    var failure = fresh.failure();
    var outcome =
        !fresh.happened()
            ? "not reached"
            : failure == null ? "nothing, " + fault.call() : failure.getClass().getSimpleName();
    told.merge(outcome, 1, Integer::sum);
    fresh.problems().forEach(problem -> problems.add(fault + ": " + problem));
    if (thrown.get() != null) {
      problems.add(fault + ": " + thrown.get());
      thrown.get().printStackTrace();
    }
    if (fresh.leaked() || thrown.get() != null) {
      Simulator.reset();
    }
    assertTrue(!hung, fault + ": hangs");
  }

  /** In a thread of its own, as a caller that has not used the device yet; false if it hangs. */
  private static boolean ended(Runnable work, AtomicReference<Throwable> thrown)
      throws InterruptedException {
    var thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    work.run();
                  } catch (Throwable e) {
                    thrown.set(e);
                  }
                });
    thread.join(HANGS_AFTER);
    if (thread.isAlive()) {
      for (var frame : thread.getStackTrace()) {
        System.out.println("  hangs at " + frame);
      }
    }
    return !thread.isAlive();
  }

  private float[] work(FaultScenario scenario) throws Exception {
    var result = new AtomicReference<float[]>();
    var thrown = new AtomicReference<Throwable>();
    assertTrue(
        ended(
            () -> {
              if (scenario.opens()) {
                result.set(scenario.run(null, folder));
                return;
              }
              try (var device = Simulator.open()) {
                result.set(scenario.run(device, folder));
              }
            },
            thrown));
    if (thrown.get() != null) {
      throw new AssertionError(thrown.get());
    }
    return result.get();
  }

  /** "name count" lines of what the scenario calls, and of closing; not of opening a device. */
  private String counted(FaultScenario scenario) throws Exception {
    var counts = new AtomicReference<String>();
    var thrown = new AtomicReference<Throwable>();
    ended(
        () -> {
          var device = scenario.opens() ? null : Simulator.open();
          Simulator.clear();
          scenario.run(device, folder);
          if (device != null) {
            device.close();
          }
          counts.set(Simulator.calls());
        },
        thrown);
    if (thrown.get() != null) {
      throw new AssertionError(thrown.get());
    }
    return counts.get();
  }

  /** Leaves no file of one run to another. */
  @AfterEach
  void empty() throws IOException {
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    }
  }
}
