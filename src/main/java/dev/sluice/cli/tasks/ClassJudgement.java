package dev.sluice.cli.tasks;

import dev.sluice.cli.pictures.ConfusionMatrix;
import dev.sluice.cli.pictures.Report;
import dev.sluice.data.Split;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a classifier is worth on the test part.
 *
 * @param title of the report
 * @param data examples
 * @param baselines accuracies of what learns little, by name
 * @param truth {@code [N]} the classes
 * @param probabilities {@code [N][K]} what the model believes
 */
record ClassJudgement(
    String title,
    Labelled data,
    Map<String, Double> baselines,
    int[] truth,
    float[][] probabilities)
    implements Judgement {
  static final List<String> HEADLINE = List.of("accuracy", "cross_entropy");
  private static final int SHOWN = 20;
  // A picture of more classes would be larger than a screen, and soon than the memory.
  private static final int MOST_CLASSES = 200;

  private int guess(int i) {
    return Probabilities.best(probabilities[i]);
  }

  private IntStream wrong() {
    return IntStream.range(0, truth.length).filter(i -> guess(i) != truth[i]);
  }

  private double accuracy() {
    return 1 - wrong().count() / (double) truth.length;
  }

  private double crossEntropy() {
    return IntStream.range(0, truth.length)
        .mapToDouble(i -> -Math.log(Math.max(probabilities[i][truth[i]], Float.MIN_NORMAL)))
        .average()
        .orElseThrow();
  }

  private long[][] confusion() {
    int k = data.classes().size();
    var counts = new long[k][k];
    for (int i = 0; i < truth.length; i++) {
      counts[truth[i]][guess(i)]++;
    }
    return counts;
  }

  @Override
  public String sentence() {
    return "accuracy %s on %,d %s of the test part (%s)"
        .formatted(percent(accuracy()), truth.length, data.what(), beside());
  }

  private String beside() {
    return baselines.entrySet().stream()
        .map(e -> e.getKey() + " " + percent(e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  @Override
  public Map<String, Object> metrics() {
    var map = new LinkedHashMap<String, Object>();
    map.put("accuracy", accuracy());
    map.put("cross_entropy", crossEntropy());
    map.put("baselines", baselines);
    map.put("test_examples", (long) truth.length);
    map.put("classes", data.classes());
    if (isDrawn()) {
      map.put(
          "confusion",
          Arrays.stream(confusion()).map(row -> Arrays.stream(row).boxed().toList()).toList());
    }
    return map;
  }

  @Override
  public Map<String, String> conventions() {
    var map = new LinkedHashMap<String, String>();
    map.put("accuracy", "share of the test part whose most probable class is the right one");
    map.put("cross_entropy", "mean of -ln of the probability given to the right class");
    map.put("confusion", "row: the class; column: what the model took it for");
    map.put("baselines", "accuracies of what learns little: " + beside());
    return map;
  }

  @Override
  public Map<String, byte[]> files() {
    var files = new LinkedHashMap<String, byte[]>();
    if (isDrawn()) {
      files.put("prediction.png", picture());
    }
    files.put("predictions.csv", table().getBytes(StandardCharsets.UTF_8));
    return files;
  }

  private boolean isDrawn() {
    return data.classes().size() <= MOST_CLASSES;
  }

  private byte[] picture() {
    return new ConfusionMatrix(data.classes(), confusion()).png();
  }

  /** Every test example: its name, class, the model's, and how sure the model is. */
  private String table() {
    var text = new StringBuilder("example,truth,predicted,probability\n");
    for (int i = 0; i < truth.length; i++) {
      text.append(
          String.format(
              Locale.ROOT,
              "%s,%s,%s,%.4f\n",
              CsvField.of(data.name(Split.TEST, i)),
              CsvField.of(data.classes().get(truth[i])),
              CsvField.of(data.classes().get(guess(i))),
              probabilities[i][guess(i)]));
    }
    return text.toString();
  }

  @Override
  public void show(Report page) {
    page.paragraph("The model's " + sentence() + ".");
    if (isDrawn()) {
      page.png("Rows: the class; columns: what the model took it for.", picture());
    }
    page.section("Beside what learns little").table("", List.of("", "accuracy"), accuracies());
    page.section("Class by class")
        .table("", List.of("class", "examples", "found", "rightly called so"), classes());
    if (wrong().findAny().isPresent()) {
      page.section("Taken for something else")
          .table(
              "The first of %,d".formatted(wrong().count()),
              List.of("example", "class", "taken for", "probability"),
              mistakes());
    }
  }

  private List<List<String>> accuracies() {
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("this model", percent(accuracy())));
    baselines.forEach((name, value) -> rows.add(List.of(name, percent(value))));
    return rows;
  }

  /** Class by class: how many, how many of them found, how many called so that are. */
  private List<List<String>> classes() {
    int k = data.classes().size();
    var examples = new long[k];
    var called = new long[k];
    var right = new long[k];
    for (int i = 0; i < truth.length; i++) {
      examples[truth[i]]++;
      called[guess(i)]++;
      right[truth[i]] += guess(i) == truth[i] ? 1 : 0;
    }
    return IntStream.range(0, k)
        .mapToObj(
            c ->
                List.of(
                    data.classes().get(c),
                    String.valueOf(examples[c]),
                    share(right[c], examples[c]),
                    share(right[c], called[c])))
        .toList();
  }

  private static String share(long part, long all) {
    return all == 0 ? "-" : percent(part / (double) all);
  }

  private List<List<String>> mistakes() {
    return wrong()
        .limit(SHOWN)
        .mapToObj(
            i ->
                List.of(
                    data.name(Split.TEST, i),
                    data.classes().get(truth[i]),
                    data.classes().get(guess(i)),
                    percent(probabilities[i][guess(i)])))
        .toList();
  }
}
