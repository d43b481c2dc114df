package dev.sluice.cli.tasks;

import dev.sluice.data.Csv;
import dev.sluice.data.Series;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Forecasting a series of numbers, one that is built in or a column of a CSV file. */
final class SeriesTask extends SequenceTask {
  private final String about;
  private final Supplier<Series> bundled;
  private final int window;
  private final boolean differences;
  private final int period;

  private SeriesTask(
      String name,
      String about,
      Supplier<Series> bundled,
      int window,
      boolean differences,
      int period) {
    super(name, SeriesJudgement.HEADLINE);
    this.about = about;
    this.bundled = bundled;
    this.window = window;
    this.differences = differences;
    this.period = period;
  }

  static SeriesTask sunspots() {
    return new SeriesTask(
        "sunspots", "next year's number of sunspots", Series::sunspots, 22, false, 11);
  }

  static SeriesTask co2() {
    return new SeriesTask("co2", "next month's CO2 in the air", Series::co2, 24, true, 12);
  }

  static SeriesTask file() {
    return new SeriesTask("series", "the next value of a column of a .csv file", null, 24, true, 0);
  }

  @Override
  public boolean reads(Path file) {
    return bundled == null && file.toString().matches("(?is).*\\.csv(\\.gz)?");
  }

  @Override
  public String about() {
    return about;
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<String, Object>();
    if (bundled == null) {
      map.put("column", null);
    }
    map.put("window", (long) window);
    map.put("ahead", 1L);
    map.put("differences", differences);
    map.put("period", (long) period);
    map.putAll(SequenceStack.defaults(32, false, 0, "pytorch"));
    map.put("epochs", 60L);
    map.putAll(new Recipe("adamw", 0.005, "cosine", 0, 1, 1, 16, 0, 0).toMap());
    return map;
  }

  @Override
  public Study open(Fields f) {
    return SeriesStudy.of(f, series(f), bundled == null ? Digest.of(Path.of(f.text("data"))) : "");
  }

  /** The series that settings name. */
  private Series series(Fields settings) {
    if (bundled != null) {
      return bundled.get();
    }
    var file = Path.of(settings.text("data"));
    if (settings.members().get("column") == null) {
      throw new IllegalArgumentException(
          "--column: expected one of "
              + String.join(", ", Csv.read(file).header())
              + ", as "
              + file
              + " names them, got none");
    }
    return Series.read(file, settings.text("column"));
  }

  @Override
  public Set<String> questions() {
    return Set.of("--input", "--column", "--ahead", "--out");
  }

  @Override
  public void predict(Question question) {
    new SeriesPrediction(question, given(question)).run();
  }

  private Series given(Question question) {
    var settings = question.settings();
    if (question.input() == null) {
      Recipe.require(question.column() == null, "--column", "--input with it", question.column());
      return series(settings);
    }
    String column = question.column();
    if (column == null) {
      Recipe.require(bundled == null, "--column", "the column of " + question.input(), "none");
      column = settings.text("column");
    }
    return Series.read(question.input(), column);
  }
}
