package dev.sluice.cli.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.data.JapaneseVowels;
import dev.sluice.data.LabelledText;
import dev.sluice.data.Series;
import dev.sluice.data.SeriesWindows;
import dev.sluice.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the tasks of sequences are made of. */
class SequencePartsTest {
  @Test
  void everyEpochSeesEachExampleOnce() {
    int[] examples = {3, 5, 8, 9, 11, 20, 21};
    var epochs = new Epochs(examples, 3, 7);
    assertEquals(3, epochs.steps());
    int[] first = epoch(epochs, 0);
    int[] second = epoch(epochs, 1);
    assertFalse(Arrays.equals(first, second), "another order");
    assertArrayEquals(first, epoch(epochs, 0), "the step's number decides");
    assertEquals(
        List.of(0L, 3L, 6L, 7L, 10L), IntStream.range(0, 5).mapToObj(epochs::seen).toList());
    assertEquals(1, new Epochs(examples, Integer.MAX_VALUE, 7).steps());
    for (int[] order : List.of(first, second)) {
      Arrays.sort(order);
      assertArrayEquals(examples, order);
    }
  }

  private static int[] epoch(Epochs epochs, int epoch) {
    return IntStream.range(0, 3)
        .flatMap(step -> Arrays.stream(epochs.at(3L * epoch + step)))
        .toArray();
  }

  @Test
  void whatIsHeldOutIsNotLearned() {
    for (var holdout : List.of(Holdout.drawn(50, 0.1), Holdout.last(50, 0.1))) {
      assertEquals(5, holdout.held().length);
      int[] all =
          IntStream.concat(Arrays.stream(holdout.learned()), Arrays.stream(holdout.held()))
              .sorted()
              .toArray();
      assertArrayEquals(IntStream.range(0, 50).toArray(), all);
    }
    assertArrayEquals(new int[] {45, 46, 47, 48, 49}, Holdout.last(50, 0.1).held());
    assertEquals(0, Holdout.drawn(50, 0).held().length);
    assertThrows(IllegalArgumentException.class, () -> Holdout.drawn(3, 0.9));
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "true, 1", "true, 4"})
  void aFrameSeesWhatTheWindowsShow(boolean differences, int ahead) {
    var values = new double[40];
    Arrays.setAll(values, i -> i + 3 * Math.sin(i));
    var times = IntStream.range(0, 40).mapToObj(String::valueOf).toList();
    var windows = new SeriesWindows(new Series("s", times, values, 30), 6, ahead, differences);
    var frame = SeriesFrame.of(windows);
    for (int w = 0; w < windows.count(Split.TEST); w++) {
      var x = new float[6];
      var y = new float[1];
      windows.batch(Split.TEST, new int[] {w}, x, y);
      int end = 30 + w - ahead + 1;
      assertArrayEquals(x, frame.window(values, end));
      assertEquals(values[30 + w], frame.value(values, end, y[0]), 1e-5);
    }
    assertArrayEquals(windows.latest(), frame.window(values, 40));
    assertEquals(6 + ahead - 1 + (differences ? 1 : 0), frame.needed());
  }

  /** One word decides. */
  @Test
  void naiveBayes(@TempDir Path folder) throws IOException {
    var lines =
        IntStream.range(0, 40)
            .mapToObj(i -> i % 2 == 0 ? "good\tlovely film n" + i : "bad\tawful film n" + i)
            .toList();
    var file = Files.write(folder.resolve("texts.tsv"), lines);
    var text = LabelledText.read(file, LabelledText.Options.DEFAULT);
    var data = new LabelledTexts(text, 10);
    var bayes = new NaiveBayes(text);
    for (int i = 0; i < text.count(Split.TEST); i++) {
      assertEquals(text.label(Split.TEST, i), bayes.guess(i), text.text(Split.TEST, i));
    }
    assertEquals(1.0, data.baselines().get("naive Bayes"));
    assertTrue(data.baselines().get("majority") < 1);
  }

  /** 30 utterances of each of nine in training: the first wins, and has 31 of 370 in the test. */
  @Test
  void baselinesOfVowels() {
    var baselines = new LabelledVowels(JapaneseVowels.bundled()).baselines();
    assertEquals(31 / 370.0, baselines.get("majority"), 1e-12);
    assertEquals(342 / 370.0, baselines.get("nearest class mean"), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({"247.04, 247", "1100.4, 1100", "0.1012, 0.1012", "1.63, 1.63", "12345, 1.235e+04"})
  void numbersWithoutIdleZeros(double value, String text) {
    assertEquals(text, SeriesJudgement.number(value));
  }

  @Test
  void yearsAndMonths() {
    assertArrayEquals(
        new double[] {1991, 1991.5}, new Times(List.of("1991-01", "1991-07")).range(0, 2));
    assertArrayEquals(new double[] {1700, 1701}, new Times(List.of("1700", "1701")).range(0, 2));
    assertArrayEquals(new double[] {1}, new Times(List.of("line 2", "line 3")).range(1, 2));
  }

  @Test
  void theMostProbableClass() {
    assertEquals(1, Probabilities.best(new float[] {0.2f, 0.4f, 0.4f}));
    assertEquals("\"a, \"\"b\"\"\"", CsvField.of("a, \"b\""));
    assertEquals("plain", CsvField.of("plain"));
  }
}
