package dev.sluice.data;

import dev.sluice.FormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Texts with a label each, out of a file of {@code label<TAB>text} lines (UTF-8, plain or gzip),
 * and the vocabulary of the training part. Wholly empty lines are passed over.
 *
 * <p>The seed says which texts are for testing. Lines of the same text always go to the same part,
 * so that no test text was learnt by heart.
 */
public final class LabelledText {
  private final List<String> classes;
  private final Vocabulary vocabulary;
  private final List<Line> train;
  private final List<Line> test;

  private record Line(String label, String text) {}

  /**
   * How a file is read.
   *
   * @param testShare of the different texts that are for testing, above 0 and below 1
   * @param seed of that choice
   * @param most words of the vocabulary at most
   * @param least how often a word must come in the training texts to be in it
   */
  public record Options(double testShare, long seed, int most, int least) {
    /** A fifth for testing, seed 1, 20,000 words that come twice or more. */
    public static final Options DEFAULT = new Options(0.2, 1, 20_000, 2);

    /** Checks the share. */
    public Options {
      if (!(testShare > 0 && testShare < 1)) {
        throw new IllegalArgumentException(
            "labelled text: expected a test share above 0 and below 1, got " + testShare);
      }
    }

    /**
     * {@return these with another choice of test texts}
     *
     * @param value of the seed
     */
    public Options seed(long value) {
      return new Options(testShare, value, most, least);
    }
  }

  private LabelledText(List<Line> lines, Options options) {
    classes = lines.stream().map(Line::label).distinct().sorted().toList();
    var texts = lines.stream().map(Line::text).distinct().toList();
    int[] order = Batches.order(texts.size(), new SplitMix(options.seed));
    int tests = Math.clamp(Math.round(texts.size() * options.testShare), 1, texts.size() - 1);
    var chosen = new HashSet<String>();
    Arrays.stream(order, 0, tests).forEach(i -> chosen.add(texts.get(i)));
    train = lines.stream().filter(line -> !chosen.contains(line.text)).toList();
    test = lines.stream().filter(line -> chosen.contains(line.text)).toList();
    vocabulary =
        Vocabulary.of(() -> train.stream().map(Line::text).iterator(), options.most, options.least);
  }

  /**
   * Reads a file.
   *
   * @param file of {@code label<TAB>text} lines
   * @param options how
   * @return its texts
   * @throws FormatException naming the first line without a tab, a label, a word or in another
   *     encoding; or if there are fewer than two classes or texts
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static LabelledText read(Path file, Options options) {
    return parse(TextLines.read(file), file.toString(), options);
  }

  static LabelledText parse(List<String> text, String name, Options options) {
    var lines = new ArrayList<Line>();
    for (int i = 0; i < text.size(); i++) {
      if (!text.get(i).isEmpty()) {
        lines.add(line(text.get(i), name, i + 1));
      }
    }
    if (lines.isEmpty()) {
      throw new FormatException(name + ": expected label<TAB>text lines, got an empty file");
    }
    if (distinct(lines.stream().map(Line::label)) < 2) {
      throw new FormatException(
          name + ": expected two classes or more, got only " + lines.getFirst().label);
    }
    if (distinct(lines.stream().map(Line::text)) < 2) {
      throw new FormatException(name + ": expected two different texts or more, got one");
    }
    return new LabelledText(lines, options);
  }

  private static long distinct(Stream<String> strings) {
    return strings.distinct().count();
  }

  private static Line line(String line, String name, int number) {
    int tab = line.indexOf('\t');
    String label = line.substring(0, Math.max(tab, 0)).strip();
    String text = line.substring(tab + 1).strip();
    String wrong =
        tab < 0
            ? "a tab between label and text, got none"
            : label.isEmpty()
                ? "a label before the tab, got none"
                : text.isEmpty()
                    ? "a text behind the tab, got an empty one"
                    : Vocabulary.words(text).isEmpty()
                        ? "a text with a word or a number, got " + text
                        : null;
    if (wrong != null) {
      throw new FormatException("%s: line %d: expected %s".formatted(name, number, wrong));
    }
    return new Line(label, text);
  }

  /** {@return the labels, in the order of their characters} */
  public List<String> classes() {
    return classes;
  }

  /** {@return the words of the training texts} */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * {@return how many texts a split has}
   *
   * @param split which
   */
  public int count(Split split) {
    return of(split).size();
  }

  /**
   * {@return a text as it stands in the file}
   *
   * @param split which
   * @param index 0 to {@code count(split) - 1}
   */
  public String text(Split split, int index) {
    return of(split).get(index).text;
  }

  /**
   * {@return the class of a text, 0 for the first}
   *
   * @param split which
   * @param index 0 to {@code count(split) - 1}
   */
  public int label(Split split, int index) {
    return classes.indexOf(of(split).get(index).label);
  }

  private List<Line> of(Split split) {
    return split == Split.TRAIN ? train : test;
  }

  /**
   * {@return the share of the test texts that the class most frequent in training gets right} Any
   * model has to beat it.
   */
  public double majority() {
    String most =
        classes.stream()
            .max(
                Comparator.comparingLong(
                    label -> train.stream().filter(line -> line.label.equals(label)).count()))
            .orElseThrow();
    return test.stream().filter(line -> line.label.equals(most)).count() / (double) test.size();
  }

  /**
   * {@return [T, N]: some texts, T the longest of them}
   *
   * @param split which
   * @param longest how many words of a text are kept, the first; at least 1
   * @param picks N of them, each 0 to {@code count(split) - 1}
   */
  public TokenBatch batch(Split split, int longest, int... picks) {
    var texts = Arrays.stream(picks).mapToObj(pick -> text(split, pick)).toList();
    int[] labels = Arrays.stream(picks).map(pick -> label(split, pick)).toArray();
    return batch(vocabulary, texts, longest, labels);
  }

  /**
   * {@return [T, N]: any texts, T the longest of them}
   *
   * @param vocabulary of the model
   * @param texts N of them
   * @param longest how many words of a text are kept, the first; at least 1
   * @param labels of the texts; none where they are not known
   * @throws IllegalArgumentException naming a text without a word
   */
  public static TokenBatch batch(
      Vocabulary vocabulary, List<String> texts, int longest, int... labels) {
    if (texts.isEmpty() || longest < 1) {
      throw new IllegalArgumentException(
          "texts: expected at least 1 text and 1 word of each, got %d and %d"
              .formatted(texts.size(), longest));
    }
    var all = texts.stream().map(vocabulary::tokens).toList();
    int n = all.size();
    int[] lengths = all.stream().mapToInt(tokens -> Math.min(longest, tokens.length)).toArray();
    int steps = Arrays.stream(lengths).max().orElseThrow();
    var out = new int[Math.multiplyExact(steps, n)];
    for (int i = 0; i < n; i++) {
      if (lengths[i] == 0) {
        throw new IllegalArgumentException(
            "text %d: expected a word or a number, got \"%s\"".formatted(i + 1, texts.get(i)));
      }
      for (int t = 0; t < lengths[i]; t++) {
        out[t * n + i] = all.get(i)[t];
      }
    }
    return new TokenBatch(steps, out, lengths, Objects.requireNonNull(labels, "labels"));
  }
}
