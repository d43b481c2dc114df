package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelledTextTest {
  @TempDir Path folder;

  @Test
  void wordsAreLowerCaseRunsOfLettersAndDigits() {
    assertEquals(
        List.of("it's", "9", "o'clock", "na\u00efve", "\u4f60\u597d", "x", "y"),
        Vocabulary.words("It\u2019s 9 o'clock -- 'NA\u00cfVE'! \u4f60\u597d, x_y \ud83d\ude00"));
    assertEquals(List.of(), Vocabulary.words(" ... \ud83d\ude00"));
  }

  @Test
  void wordsDoNotDependOnTheMachinesLanguage() {
    var before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr"));
      assertEquals(List.of("film"), Vocabulary.words("FILM"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theVocabularyGoesByFrequencyThenByCharacters() {
    var texts = List.of("b b b c a", "a c d", "e");
    var vocabulary = Vocabulary.of(texts, 10, 2);
    assertEquals(List.of("<pad>", "<unknown>", "b", "a", "c"), vocabulary.list());
    assertArrayEquals(new int[] {3, 1, 2}, vocabulary.tokens("A new b"));
    assertEquals(3, Vocabulary.of(texts, 1, 1).size());
    assertArrayEquals(new int[] {4, 1}, Vocabulary.of(vocabulary.list()).tokens("c <unknown>"));
    Refusals.call("none twice, got 3", () -> Vocabulary.of(List.of("<pad>", "<unknown>", "<pad>")));
    Refusals.call("room for 1 word", () -> Vocabulary.of(texts, 0, 1));
  }

  @Test
  void theSeedSaysWhichTextsAreForTesting() throws IOException {
    Path file = lines();
    var one = LabelledText.read(file, LabelledText.Options.DEFAULT);
    assertEquals(List.of("bad", "good"), one.classes());
    assertEquals(20, one.count(Split.TEST));
    assertEquals(80, one.count(Split.TRAIN));
    assertEquals(
        texts(one, Split.TEST),
        texts(LabelledText.read(file, LabelledText.Options.DEFAULT), Split.TEST));
    assertNotEquals(
        texts(one, Split.TEST),
        texts(LabelledText.read(file, LabelledText.Options.DEFAULT.seed(2)), Split.TEST));
    for (int i = 0; i < 20; i++) {
      boolean good = one.text(Split.TEST, i).startsWith("fine");
      assertEquals(good ? 1 : 0, one.label(Split.TEST, i));
    }
  }

  @Test
  void equalTextsStayTogetherAndTestWordsAreUnknown() throws IOException {
    var text = new ArrayList<String>();
    for (int i = 0; i < 200; i++) {
      text.add((i % 2 == 0 ? "a" : "b") + "\tsame word" + i % 50);
    }
    var data = LabelledText.parse(text, "t", new LabelledText.Options(0.2, 1, 1000, 1));
    Set<String> shared = new HashSet<>(texts(data, Split.TRAIN));
    shared.retainAll(texts(data, Split.TEST));
    assertEquals(Set.of(), shared);
    assertEquals(40, data.count(Split.TEST));
    assertEquals(2 + 1 + 40, data.vocabulary().size());
    var batch = data.batch(Split.TEST, 9, 0);
    assertEquals(Vocabulary.UNKNOWN, batch.tokens()[1]);
    assertEquals(2, batch.tokens()[0]);
  }

  @Test
  void batchesAreTimeMajorPaddedAndCut() {
    var vocabulary = Vocabulary.of(List.of("<pad>", "<unknown>", "a", "b", "c"));
    var batch = LabelledText.batch(vocabulary, List.of("a b", "c c c c", "b"), 3, 1, 0, 1);
    assertEquals(3, batch.steps());
    assertArrayEquals(new int[] {2, 4, 3, 3, 4, 0, 0, 4, 0}, batch.tokens());
    assertArrayEquals(new int[] {2, 3, 1}, batch.lengths());
    assertArrayEquals(new int[] {1, 0, 1}, batch.labels());
    Refusals.call(
        "text 2: expected a word or a number, got \"\"",
        () -> LabelledText.batch(vocabulary, List.of("a", ""), 3));
  }

  @Test
  void theMajorityIsThatOfTheTrainingPart() throws IOException {
    var data = LabelledText.read(lines(), LabelledText.Options.DEFAULT);
    int bad = (int) texts(data, Split.TEST).stream().filter(t -> t.startsWith("dull")).count();
    assertEquals(bad / 20.0, data.majority());
    assertTrue(bad > 10);
  }

  @Test
  void refusesBadLines() throws IOException {
    refused("expected label<TAB>text lines, got an empty file");
    refused("got an empty file", "", "");
    refused("line 2: expected a tab between label and text, got none", "a\tx", "b y");
    refused("line 3: expected a text behind the tab, got an empty one", "a\tx", "", "b\t ");
    refused("line 1: expected a label before the tab, got none", "\tx");
    refused("line 2: expected a text with a word or a number, got ?!", "a\tx", "b\t?!");
    refused("expected two classes or more, got only a", "a\tx", "a\ty");
    refused("expected two different texts or more, got one", "a\tx", "b\tx");
    Path mixed = folder.resolve("mixed");
    Files.write(mixed, "a\tna\u00efve\nb\tna\u00efve".getBytes(StandardCharsets.UTF_8));
    byte[] bytes = Files.readAllBytes(mixed);
    int last = bytes.length - 4;
    bytes[last] = (byte) 0xef;
    Files.write(mixed, Arrays.copyOf(bytes, last + 1));
    Refusals.file(
        "line 2: expected UTF-8 text, got the byte ef",
        () -> LabelledText.read(mixed, LabelledText.Options.DEFAULT));
    Refusals.call("a test share above 0", () -> new LabelledText.Options(0, 1, 1, 1));
  }

  private static void refused(String part, String... lines) {
    Refusals.file(
        part, () -> LabelledText.parse(List.of(lines), "t", LabelledText.Options.DEFAULT));
  }

  private static List<String> texts(LabelledText data, Split split) {
    var texts = new ArrayList<String>();
    for (int i = 0; i < data.count(split); i++) {
      texts.add(data.text(split, i));
    }
    assertFalse(texts.isEmpty());
    return texts;
  }

  /** Thirty good lines, seventy bad ones. */
  private Path lines() throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      text.append(i % 10 < 3 ? "good\tfine " : "bad\tdull ").append(i).append("\r\n");
    }
    return Files.writeString(folder.resolve("lines"), text);
  }
}
