package dev.sluice.cli.experiments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.sluice.cli.experiments.SamplingTraining.Reading;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplingTrainingTest {
  private final SamplingTraining training =
      new SamplingTraining(new Films(32, 1, 2, 3, 16), List.of(4), 300, new float[32 * 32]);

  @Test
  void scheduledSamplingEndsWithNoTrueFrame() {
    assertEquals(1, training.share(Reading.SCHEDULED, 0));
    assertEquals(0.5, training.share(Reading.SCHEDULED, 100), 1e-12);
    assertEquals(0, training.share(Reading.SCHEDULED, 200));
    assertEquals(0.5, training.share(Reading.REVERSE, 0));
    assertEquals(0, training.share(Reading.REVERSE, 299));
  }

  @Test
  void masksAreTurnedFromStepsToSequences() {
    // [K 3, N 2] to [N 2, K 3].
    assertArrayEquals(
        new float[] {0, 10, 20, 1, 11, 21},
        SamplingTraining.bySequence(new float[] {0, 1, 10, 11, 20, 21}, 3));
  }

  @Test
  void filmsOfOneSeedAreTheSameAndTestFilmsDiffer() {
    var films = training.films();
    assertArrayEquals(films.train(1, 5, 2), films.train(1, 5, 2));
    assertFalse(Arrays.equals(films.train(1, 5, 2), films.train(2, 5, 2)), "another seed");
    assertFalse(Arrays.equals(films.train(0, 0, 2), films.test(0, 2)), "other digits");
    assertEquals(5 * 2 * 32 * 32, films.test(0, 2).length);
    assertEquals("1 moving digit, 32x32 pixels, 2 frames seen, 3 foreseen", films.toString());
  }
}
