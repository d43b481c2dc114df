package dev.sluice.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ProblemTest {
  private static Problem lstm(Mode mode, int layers, boolean both, boolean lengths) {
    return new Problem(
        Cell.LSTM,
        mode,
        100,
        32,
        256,
        256,
        layers,
        both,
        lengths,
        false,
        0,
        0,
        0,
        DType.FLOAT32,
        7);
  }

  private static Problem convLstm(int input, int layers, int kernel) {
    return new Problem(
        Cell.CONVLSTM,
        Mode.FORWARD,
        10,
        8,
        input,
        64,
        layers,
        false,
        false,
        false,
        16,
        16,
        kernel,
        DType.FLOAT32,
        7);
  }

  @Test
  void lstmFlopsByHand() {
    // 3200 rows times [512] -> [1024], a multiplication and an addition each.
    assertEquals(3_355_443_200.0, lstm(Mode.FORWARD, 1, false, false).flops());
    assertEquals(3 * 3_355_443_200.0, lstm(Mode.TRAIN, 1, false, false).flops());
    // The second layer reads both directions: 2 * (512 + (512 + 256)) / 512 = 5 times as much.
    assertEquals(5 * 3_355_443_200.0, lstm(Mode.FORWARD, 2, true, false).flops());
  }

  @Test
  void onlyStepsThatRunAreCounted() {
    var problem = lstm(Mode.FORWARD, 1, false, true);
    int steps = Arrays.stream(problem.sequenceLengths()).sum();
    assertTrue(steps < 3200, "steps " + steps);
    assertEquals(steps * 512.0 * 1024 * 2, problem.flops());
  }

  @Test
  void convLstmFlopsByHand() {
    // 10 * 8 * 256 pixels, 9 taps, 80 channels in, 256 out.
    assertEquals(7_549_747_200.0, convLstm(16, 1, 3).flops());
    // 20,480 pixels, 25 taps, (1 + 64) + (64 + 64) channels in over two layers, 256 out.
    assertEquals(2.0 * 20_480 * 25 * 193 * 256, convLstm(1, 2, 5).flops());
  }

  @Test
  void lengthsAreDrawnFromTheSeed() {
    var lengths = lstm(Mode.FORWARD, 1, false, true).sequenceLengths();
    assertEquals(32, lengths.length);
    assertTrue(Arrays.stream(lengths).allMatch(n -> n >= 1 && n <= 100));
    assertEquals(
        Arrays.toString(lengths),
        Arrays.toString(lstm(Mode.TRAIN, 1, false, true).sequenceLengths()));
  }

  @Test
  void latencyIsThatOfSessions() {
    for (var problem : Suite.LATENCY.problems()) {
      assertEquals(Mode.SESSION, problem.mode(), problem.title());
      assertEquals(1, problem.steps() * problem.batch(), problem.title());
    }
  }

  @Test
  void aCellOverFramesHasOneDirection() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new Problem(
                    Cell.CONVLSTM,
                    Mode.FORWARD,
                    1,
                    1,
                    1,
                    1,
                    1,
                    true,
                    false,
                    false,
                    4,
                    4,
                    3,
                    DType.FLOAT32,
                    0));
    assertEquals("--bidirectional: not an option of cell convlstm", e.getMessage());
  }
}
