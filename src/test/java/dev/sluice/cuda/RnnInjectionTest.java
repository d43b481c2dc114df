package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.NativeException;
import dev.sluice.SluiceException;
import dev.sluice.spi.RnnSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each native call of a network's life, the trial of its algorithms included, fails once: a typed
 * exception comes, and nothing stays behind.
 */
@Simulated
class RnnInjectionTest {
  private static final int MOST_OF_A_KIND = 12;

  @TempDir private Path cache;
  private String before;

  @BeforeEach
  void simulated() {
    before = System.getProperty("sluice.cache");
    System.setProperty("sluice.cache", cache.toString());
    Simulator.open().close();
    Simulator.clear();
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

  /** Twice, so that the second time is captured. */
  private void life() {
    forgetChoices();
    var spec = RnnCase.spec(RnnSpec.Kind.LSTM, 4, 8, 1, false, true, 0);
    var deep = RnnCase.spec(RnnSpec.Kind.LSTM, 4, 7, 2, false, false, 0);
    try (var device = Simulator.open()) {
      for (int[] lengths : new int[][] {null, {3, 0}}) {
        try (var arena = device.arena()) {
          var trip = new RnnCase(spec, 3, 2, lengths, true).new Trip(device, arena, true, true);
          trip.run();
          trip.run();
          trip.results();
        }
      }
      try (var arena = device.arena()) {
        var run = new RnnSpec.Run(3, 2, false, true, false, 0.5);
        var plan = device.backend().rnn(deep, run);
        new RnnCase(deep, 3, 2, null, true).new Trip(device, arena, plan).run();
      }
    }
  }

  private void forgetChoices() {
    try (var files = Files.list(cache)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** CUDA_ERROR_INVALID_VALUE, CUBLAS_STATUS_INTERNAL_ERROR, CUDNN_STATUS_INTERNAL_ERROR. */
  private static int status(String call) {
    return call.startsWith("cublas") ? 14 : call.startsWith("cudnn") ? 4000 : 1;
  }

  @Test
  void everyCallThatFailsIsSaidAndNothingStays() {
    life();
    assertEquals("", Simulator.report());
    var calls = Simulator.calls().lines().map(line -> line.split(" ")).toList();
    assertTrue(calls.stream().anyMatch(call -> call[0].equals("cudnnRNNForward")));
    var silent = new ArrayList<String>();
    var left = new ArrayList<String>();
    int injections = 0;
    for (var call : calls) {
      long count = Math.min(MOST_OF_A_KIND, Long.parseLong(call[1]));
      for (long at : LongStream.rangeClosed(1, count).toArray()) {
        injections++;
        Simulator.clear();
        Simulator.inject(call[0], (int) at, status(call[0]));
        long happened = Simulator.injected();
        var failure = failure();
        assertEquals(happened + 1, Simulator.injected(), call[0] + ", call " + at + ": " + failure);
        if (failure == null) {
          silent.add(call[0]);
        } else if (failure instanceof NativeException e) {
          assertTrue(call[0].startsWith(e.call().replaceAll("\\(.*", "")), e.getMessage());
        }
        var stays = Simulator.ledger() + Simulator.report();
        if (!stays.isEmpty()) {
          if (!refusedToClose(call[0], stays)) {
            left.add(call[0] + ", call " + at + ": " + stays);
          }
          Simulator.reset();
        }
      }
    }
    assertEquals(List.of(), left);
    assertFalse(injections < 100, injections + " injections");
    assertEquals(List.of(), silent.stream().filter(call -> !ofCapture(call)).toList());
    Simulator.clear();
    life();
    System.out.println("RnnInjectionTest: " + injections + " injected failures");
  }

  /** What is refused to be captured is enqueued as it is. */
  private static boolean ofCapture(String call) {
    return call.matches("cuStream(Begin|End)Capture.*|cuGraph(Instantiate.*|Destroy)");
  }

  private SluiceException failure() {
    try {
      life();
      return null;
    } catch (SluiceException e) {
      return e;
    }
  }

  /** Whether nothing stays but the one thing whose end was made to fail. */
  private static boolean refusedToClose(String call, String stays) {
    long things = stays.lines().filter(line -> line.startsWith("cudnn")).count();
    long others = stays.lines().filter(line -> !line.matches("cudnn.*|the context was.*|")).count();
    return call.startsWith("cudnnDestroy") && things == 1 && others == 0;
  }
}
