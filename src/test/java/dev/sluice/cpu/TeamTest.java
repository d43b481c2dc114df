package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.NativeException;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {
  @BeforeAll
  static void load() {
    NativeLibraries.load(NativeLibrary.ONEDNN);
  }

  private static void coversAll(Team team) {
    for (int count : new int[] {0, 1, 2, 3, 7, 16, 100, 1001, 65_537}) {
      for (int grain : new int[] {0, 1, 5, 64, 1_000_000}) {
        var seen = new AtomicIntegerArray(count);
        team.run(
            count,
            grain,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                seen.incrementAndGet(i);
              }
            });
        for (int i = 0; i < count; i++) {
          assertEquals(1, seen.get(i), "item " + i + " of " + count + ", grain " + grain);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void runsEveryItemOnce(int threads) {
    try (var team = new Team(threads, new Tape())) {
      for (int round = 0; round < 3; round++) {
        coversAll(team);
      }
    }
  }

  @Test
  void bordersAreAlwaysTheSame() {
    try (var team = new Team(3, new Tape())) {
      for (int round = 0; round < 30; round++) {
        var chunks = new ConcurrentSkipListMap<Integer, Integer>();
        team.run(100, 1, chunks::put);
        assertEquals(new TreeMap<>(Map.of(0, 33, 33, 66, 66, 100)), chunks);
      }
    }
  }

  @Test
  void smallWorkStaysWithTheCaller() {
    try (var team = new Team(4, new Tape())) {
      var threads = ConcurrentHashMap.<Thread>newKeySet();
      team.run(10, 8, (from, to) -> threads.add(Thread.currentThread()));
      assertEquals(Set.of(Thread.currentThread()), threads);
    }
  }

  @Test
  void anExceptionArrivesAndTheTeamGoesOn() {
    try (var team = new Team(4, new Tape())) {
      for (int round = 0; round < 50; round++) {
        var cause = new IndexOutOfBoundsException("beyond");
        var e =
            assertThrows(
                IllegalStateException.class,
                () ->
                    team.run(
                        1000,
                        1,
                        (from, to) -> {
                          if (from > 0) {
                            throw cause;
                          }
                        }));
        assertSame(cause, e.getCause());
        assertTrue(e.getMessage().contains("beyond"), e.getMessage());
      }
      coversAll(team);
    }
  }

  /** As it is, for callers that tell failures apart; nobody is at work any more by then. */
  @Test
  void aFailureOfALibraryArrivesWhenAllAreDone() {
    try (var team = new Team(4, new Tape())) {
      for (int round = 0; round < 50; round++) {
        var cause = new NativeException("dnnl_primitive_execute", 5, "dnnl_runtime_error", "");
        var atWork = new AtomicInteger();
        var thrown =
            assertThrows(
                NativeException.class,
                () ->
                    team.run(
                        1000,
                        1,
                        (from, to) -> {
                          atWork.incrementAndGet();
                          try {
                            if (from > 500) {
                              throw cause;
                            }
                            LockSupport.parkNanos(10_000);
                          } finally {
                            atWork.decrementAndGet();
                          }
                        }));
        assertSame(cause, thrown);
        assertEquals(0, atWork.get());
      }
      coversAll(team);
    }
  }

  @Test
  void errorsArriveToo() {
    try (var team = new Team(2, new Tape())) {
      var e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  team.run(
                      100,
                      1,
                      (from, to) -> {
                        throw new StackOverflowError();
                      }));
      assertEquals(StackOverflowError.class, e.getCause().getClass());
    }
  }

  @Test
  void threadsHaveTeamsOfTheirOwn() throws Exception {
    try (var pool = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(
            pool.submit(
                () -> {
                  try (var team = new Team(2, new Tape())) {
                    coversAll(team);
                  }
                }));
      }
      for (var future : all) {
        future.get();
      }
    }
  }
}
