package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JapaneseVowelsTest {
  @Test
  void sizesAreThoseOfTheArchive() {
    var vowels = JapaneseVowels.bundled();
    assertEquals(270, vowels.of(Split.TRAIN).count());
    assertEquals(370, vowels.of(Split.TEST).count());
    assertEquals(9, vowels.train().classes().size());
    assertEquals(12, vowels.test().channels());
    for (int speaker = 0; speaker < 9; speaker++) {
      int s = speaker;
      assertEquals(30, Arrays.stream(vowels.train().labels()).filter(l -> l == s).count());
    }
    var all =
        IntStream.range(0, 640)
            .map(i -> i < 270 ? vowels.train().length(i) : vowels.test().length(i - 270))
            .summaryStatistics();
    assertEquals(7, all.getMin());
    assertEquals(29, all.getMax());
    assertEquals(20, vowels.train().length(0));
  }

  @Test
  void trainingChannelsHaveMeanZeroAndDeviationOne() {
    var train = JapaneseVowels.bundled().train();
    for (int channel = 0; channel < 12; channel++) {
      double sum = 0;
      double squares = 0;
      int count = 0;
      for (float[] sequence : train.sequences()) {
        for (int i = channel; i < sequence.length; i += 12) {
          sum += sequence[i];
          squares += sequence[i] * sequence[i];
          count++;
        }
      }
      assertEquals(0, sum / count, 1e-5);
      assertEquals(1, squares / count, 1e-5);
    }
  }

  @Test
  void batchesAreTimeMajorAndPadded() {
    var two =
        new LabelledSequences(
            List.of("a", "b"),
            2,
            List.of(new float[] {1, 2}, new float[] {3, 4, 5, 6, 7, 8}),
            new int[] {1, 0});
    var batch = two.batch(1, 0);
    assertEquals(Shape.of(3, 2, 2), batch.shape());
    assertArrayEquals(new float[] {3, 4, 1, 2, 5, 6, 0, 0, 7, 8, 0, 0}, batch.x());
    assertArrayEquals(new int[] {3, 1}, batch.lengths());
    assertArrayEquals(new int[] {0, 1}, batch.labels());
  }

  @Test
  void readsChannelsAndClasses() {
    var file = parse("#x", "@classLabel true a b", "@dimensions 2", "@DATA", "1,2:3,4:b", "5:6: a");
    assertEquals(List.of("a", "b"), file.classes());
    assertArrayEquals(new float[] {1, 3, 2, 4}, file.sequences().get(0));
    assertArrayEquals(new int[] {1, 0}, file.labels());
  }

  @Test
  void refusesOtherFiles() {
    String classes = "@classLabel true a b";
    refused("t: expected @data and sequences behind it, got none", classes);
    refused("line 1: expected @classLabel before @data, got none", "@data", "1:a");
    refused("line 1: expected a field like @data", "hello");
    refused("line 1: expected @classLabel true", "@classLabel false");
    refused("line 2: expected @missing false, got @missing true", classes, "@missing true");
    refused("line 1: expected @dimensions and a number of 1 or more", "@dimensions x");
    refused("line 3: expected one of the classes [a, b], got c", classes, "@data", "1:c");
    refused("line 4: expected 2 channels and a class", classes, "@data", "1:2:a", "1:a");
    refused("line 3: expected channels of one length, 2, got 1", classes, "@data", "1,2:3:a");
    refused("line 3: expected a finite number, got ?", classes, "@data", "1,?:a");
    refused("line 3: expected a finite number, got nothing", classes, "@data", ":a");
  }

  private static void refused(String part, String... lines) {
    Refusals.file(part, () -> parse(lines));
  }

  private static LabelledSequences parse(String... lines) {
    return TimeSeriesFile.parse(List.of(lines), "t");
  }

  @Test
  void refusesMixedWidths() {
    var train = JapaneseVowels.bundled().train();
    var one = new LabelledSequences(List.of("a"), 1, List.of(new float[] {1}), new int[1]);
    Refusals.call("training sequences of 1 channels, got 12", () -> one.scaledBy(train));
    Refusals.call("sequence 0: expected steps of 2 values, got 3 values", () -> of(2, 3));
    Refusals.call("sequence 0: expected steps of 2 values, got 0 values", () -> of(2, 0));
  }

  private static void of(int channels, int values) {
    new LabelledSequences(List.of("a"), channels, List.of(new float[values]), new int[1]);
  }
}
