package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.ConvolutionMode;
import dev.sluice.DType;
import dev.sluice.NativeException;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import dev.sluice.spi.ConvSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The choice on a clock of our own, which goes on only while an algorithm runs. */
class LayoutChoiceTest {
  private static final ConvSpec SPEC = new ConvSpec(DType.FLOAT32, 1, 4, 4, 32, 32, 3, 3, true);
  private static final CellAlgorithm DIRECT = CellAlgorithm.CHANNELS_LAST;
  private static final CellAlgorithm WINOGRAD = CellAlgorithm.WINOGRAD;

  @TempDir Path folder;

  private final List<CellAlgorithm> ran = new ArrayList<>();
  private final List<CellAlgorithm> open = new ArrayList<>();
  private long now;

  @BeforeAll
  static void thereIsAChoice() {
    NativeLibraries.load(NativeLibrary.ONEDNN);
    assertEquals(List.of(DIRECT, WINOGRAD), CellAlgorithm.candidates(SPEC, ConvolutionMode.FAST));
  }

  /** Takes so many milliseconds, by how often it ran before. */
  private final class Fake implements Race.Entrant {
    private final CellAlgorithm algorithm;
    private final Function<Integer, Double> millis;
    private int rounds;
    private int rehearsals;

    Fake(CellAlgorithm algorithm, Function<Integer, Double> millis) {
      this.algorithm = algorithm;
      this.millis = millis;
      open.add(algorithm);
    }

    @Override
    public boolean rehearse() {
      now += 10_000_000;
      return rehearsals++ < 100 && algorithm == WINOGRAD;
    }

    @Override
    public void run() {
      ran.add(algorithm);
      now += Math.round(1e6 * millis.apply(rounds++));
    }

    @Override
    public void close() {
      open.remove(algorithm);
    }
  }

  private CellAlgorithm choice(Map<CellAlgorithm, Function<Integer, Double>> millis) {
    return choice(ConvolutionMode.FAST, millis);
  }

  private CellAlgorithm choice(
      ConvolutionMode mode, Map<CellAlgorithm, Function<Integer, Double>> millis) {
    return new LayoutChoice(folder, 2, mode, () -> now)
        .of(SPEC, how -> new Fake(how, millis.get(how)));
  }

  @Test
  void theyRunInTurns() {
    assertEquals(WINOGRAD, choice(Map.of(DIRECT, _ -> 20.0, WINOGRAD, _ -> 10.0)));
    for (int i = 0; i < ran.size(); i++) {
      assertEquals(i % 2 == 0 ? DIRECT : WINOGRAD, ran.get(i));
    }
    assertTrue(ran.size() >= 60, "rounds: " + ran.size());
    assertEquals(List.of(), open);
  }

  @Test
  void theClearlyFasterWins() {
    assertEquals(DIRECT, choice(Map.of(DIRECT, _ -> 9.0, WINOGRAD, _ -> 10.0)));
  }

  @Test
  void ofTwoTooNearToTellItIsAlwaysTheLast() {
    assertEquals(WINOGRAD, choice(Map.of(DIRECT, _ -> 9.7, WINOGRAD, _ -> 10.0)));
  }

  /** Every third round takes three times as long, which hits one of the two oftener. */
  @Test
  void aDisturbedRoundDoesNotCount() {
    assertEquals(
        WINOGRAD,
        choice(Map.of(DIRECT, _ -> 12.0, WINOGRAD, round -> round % 10 == 7 ? 10.0 : 30.0)));
  }

  /** Its loops are compiled only after as many rounds as would have been enough. */
  @Test
  void whatStillBecomesFasterIsWaitedFor() {
    assertEquals(
        WINOGRAD,
        choice(Map.of(DIRECT, _ -> 5.0, WINOGRAD, round -> round < 28 ? 20.0 - round / 2 : 2.5)));
  }

  @Test
  void roundsEndThoughTheyNeverSettle() {
    choice(Map.of(DIRECT, _ -> 100.0, WINOGRAD, round -> 2e4 / (1 + round)));
    assertTrue(ran.size() < 100, "rounds: " + ran.size());
  }

  @Test
  void whatWasChosenIsNotTimedAgain() {
    choice(Map.of(DIRECT, _ -> 20.0, WINOGRAD, _ -> 10.0));
    ran.clear();
    assertEquals(WINOGRAD, choice(Map.of(DIRECT, _ -> 1.0, WINOGRAD, _ -> 10.0)));
    assertEquals(List.of(), ran);
  }

  /** In one folder, whichever came first. */
  @Test
  void eachModeHasItsOwnChoice() {
    var small = CellAlgorithm.WINOGRAD_OF_2;
    for (int time = 0; time < 2; time++) {
      assertEquals(WINOGRAD, choice(Map.of(DIRECT, _ -> 20.0, WINOGRAD, _ -> 10.0)));
      assertEquals(
          small, choice(ConvolutionMode.STRICT, Map.of(DIRECT, _ -> 20.0, small, _ -> 15.0)));
      assertEquals(DIRECT, choice(ConvolutionMode.DIRECT, Map.of(DIRECT, _ -> 20.0)));
    }
  }

  @Test
  void whatIsNotImplementedIsLeftOut() {
    var choice = new LayoutChoice(folder, 2, ConvolutionMode.FAST, () -> now);
    var chosen =
        choice.of(
            SPEC,
            how -> {
              if (how == WINOGRAD) {
                throw new NativeException("call", Primitive.UNIMPLEMENTED, "status", "");
              }
              return new Fake(how, _ -> 1.0);
            });
    assertEquals(DIRECT, chosen);
    assertEquals(List.of(), open);
  }

  @Test
  void anotherFailureIsThrownAndNothingLeftOpen() {
    var choice = new LayoutChoice(folder, 2, ConvolutionMode.FAST, () -> now);
    assertThrows(
        NativeException.class,
        () ->
            choice.of(
                SPEC,
                how -> {
                  if (how == WINOGRAD) {
                    throw new NativeException("call", 1, "status", "");
                  }
                  return new Fake(how, _ -> 1.0);
                }));
    assertEquals(List.of(), open);
  }

  @Test
  void aLayerNormAfterFiveByFiveLeavesTheDirectOne() {
    for (int kernel : new int[] {3, 5}) {
      for (boolean normed : new boolean[] {false, true}) {
        var spec = new ConvSpec(DType.FLOAT32, 1, 4, 4, 32, 32, kernel, kernel, false, normed);
        boolean winograd = kernel == 3 || !normed;
        for (var mode : List.of(ConvolutionMode.FAST, ConvolutionMode.STRICT)) {
          assertEquals(winograd ? 2 : 1, CellAlgorithm.candidates(spec, mode).size());
        }
      }
    }
  }
}
