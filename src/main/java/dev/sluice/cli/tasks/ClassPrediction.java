package dev.sluice.cli.tasks;

import dev.sluice.Shape;
import dev.sluice.data.Batches;
import dev.sluice.data.Digits;
import dev.sluice.data.LabelledText;
import dev.sluice.data.Npy;
import dev.sluice.data.Split;
import dev.sluice.data.Vocabulary;
import dev.sluice.nn.Pass;
import dev.sluice.weights.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tells the classes of examples with a trained model. */
final class ClassPrediction {
  private static final int BATCH = 128;
  private static final int SHOWN = 10;
  private static final int MOST_CLASSES = 5;

  private final Question question;
  private final List<String> classes;

  ClassPrediction(Question question) {
    this.question = question;
    this.classes = question.config().texts("classes");
  }

  /** The test part; some of it is printed, all of it is written. */
  void ofTest(Labelled data) {
    int count = data.count(Split.TEST);
    int first = first(count);
    var rows = predict(count, picks -> data.inputs(Split.TEST, picks));
    IntFunction<String> truth = i -> classes.get(data.label(Split.TEST, i));
    print(rows, first, i -> data.name(Split.TEST, i) + ", in truth " + truth.apply(i));
    long right =
        IntStream.range(0, count)
            .filter(i -> Probabilities.best(rows[i]) == data.label(Split.TEST, i))
            .count();
    write(rows, i -> data.name(Split.TEST, i));
    say("%,d of %,d right", right, count);
  }

  /** A .npy of [N, 28, 28]. */
  void ofDigits(Path file) {
    var array = Npy.read(file);
    int size = Digits.SIZE;
    var shape = array.shape();
    if (shape.rank() != 3
        || shape.elements() == 0
        || shape.dim(1) != size
        || shape.dim(2) != size) {
      throw new IllegalArgumentException(
          "%s: expected digits [N, %d, %d], values 0 to 1, got %s"
              .formatted(file, size, size, shape));
    }
    for (float value : array.values()) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(file + ": expected finite values, got " + value);
      }
    }
    int first = first(shape.size(0));
    var rows = predict(shape.size(0), picks -> rowsOf(array.values(), picks));
    print(rows, first, i -> "digit " + i);
    write(rows, i -> "digit " + i);
  }

  private static Inputs rowsOf(float[] digits, int... picks) {
    int n = picks.length;
    int size = Digits.SIZE;
    var x = new float[size * n * size];
    for (int i = 0; i < n; i++) {
      for (int row = 0; row < size; row++) {
        System.arraycopy(digits, (picks[i] * size + row) * size, x, (row * n + i) * size, size);
      }
    }
    return new Inputs(Shape.of(size, n, size), x, null, null);
  }

  /** Texts that were typed, or the lines of a file. */
  void ofTexts() {
    var texts = question.input() == null ? question.texts() : lines(question.input());
    if (texts.isEmpty()) {
      throw new IllegalArgumentException(
          "expected texts, typed or one a line in a file for --input, got none");
    }
    var vocabulary = Vocabulary.of(question.config().texts("vocabulary"));
    int words = question.config().small("words");
    // A text without words is refused before anything is printed.
    LabelledText.batch(vocabulary, texts, words);
    var rows =
        predict(
            texts.size(),
            picks -> {
              var some = IntStream.of(picks).mapToObj(texts::get).toList();
              return Inputs.of(LabelledText.batch(vocabulary, some, words));
            });
    for (int i = 0; i < rows.length; i++) {
      say("%s", line(rows[i], texts.get(i)));
    }
  }

  private List<String> lines(Path file) {
    Recipe.require(question.texts().isEmpty(), "--input", "no texts typed beside it", "some");
    try {
      return Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
    } catch (IOException e) {
      throw FileFailure.reading(file, e);
    }
  }

  private int first(int count) {
    long index = question.index() == null ? 0 : question.index();
    Recipe.require(index >= 0 && index < count, "--index", "0 to %,d".formatted(count - 1), index);
    return (int) index;
  }

  private float[][] predict(int count, Function<int[], Inputs> inputs) {
    var rows = new ArrayList<float[]>();
    try (var device = question.device().get();
        var arena = device.arena("the model")) {
      var model = SequenceStack.load(question.model(), question.config(), arena);
      for (int[] picks : Batches.inOrder(count, BATCH)) {
        try (var pass = Pass.inference(device)) {
          rows.addAll(List.of(Probabilities.of(inputs.apply(picks).through(model, pass))));
        }
      }
    }
    return rows.toArray(float[][]::new);
  }

  private void print(float[][] rows, int first, IntFunction<String> name) {
    for (int i = first; i < Math.min(rows.length, first + SHOWN); i++) {
      say("%s", line(rows[i], name.apply(i)));
    }
  }

  private String line(float[] row, String name) {
    var order =
        IntStream.range(0, row.length)
            .boxed()
            .sorted((a, b) -> Float.compare(row[b], row[a]))
            .limit(MOST_CLASSES)
            .map(c -> String.format(Locale.ROOT, "%s %.1f %%", classes.get(c), 100 * row[c]))
            .collect(Collectors.joining(", "));
    return classes.get(Probabilities.best(row)) + "  (" + order + ")  " + name;
  }

  private void write(float[][] rows, IntFunction<String> name) {
    var table = new StringBuilder("example,predicted,probability\n");
    for (int i = 0; i < rows.length; i++) {
      int best = Probabilities.best(rows[i]);
      table.append(
          String.format(
              Locale.ROOT,
              "%s,%s,%.4f\n",
              CsvField.of(name.apply(i)),
              CsvField.of(classes.get(best)),
              rows[i][best]));
    }
    var folder = question.folder();
    AtomicFile.write(folder.resolve("prediction.csv"), table.toString());
    say("%s: %,d told; prediction.csv", folder, rows.length);
  }

  private void say(String format, Object... values) {
    question.answer().println(String.format(Locale.ROOT, format, values));
  }
}
