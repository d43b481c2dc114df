package dev.sluice.cli.tasks;

import dev.sluice.cli.pictures.Curve;
import dev.sluice.cli.pictures.Report;
import dev.sluice.data.Series;
import dev.sluice.data.SeriesWindows;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a forecaster of a series is worth on the test values.
 *
 * @param windows of the series
 * @param baselines mean squared errors, by name
 * @param forecasts of the test values
 * @param mse of the forecasts
 */
record SeriesJudgement(
    SeriesWindows windows, Map<String, Double> baselines, double[] forecasts, double mse)
    implements Judgement {
  static final List<String> HEADLINE = List.of("mse");
  private static final String PERSISTENCE = "persistence";

  private Series series() {
    return windows.series();
  }

  private String ahead() {
    return windows.horizon() == 1 ? "one step ahead" : windows.horizon() + " steps ahead";
  }

  @Override
  public String title() {
    return "%s, forecast %s".formatted(series().name(), ahead());
  }

  @Override
  public String sentence() {
    return "mse %s on %,d test values %s, %.3f of persistence's (%s)"
        .formatted(
            number(mse), forecasts.length, ahead(), mse / baselines.get(PERSISTENCE), beside());
  }

  private String beside() {
    return baselines.entrySet().stream()
        .map(e -> e.getKey() + " " + number(e.getValue()))
        .collect(Collectors.joining(", "));
  }

  static String number(double value) {
    String text = String.format(Locale.ROOT, "%.4g", value);
    return text.contains("e") || !text.contains(".") ? text : text.replaceAll("\\.?0+$", "");
  }

  @Override
  public Map<String, Object> metrics() {
    var map = new LinkedHashMap<String, Object>();
    map.put("mse", mse);
    map.put("baselines", baselines);
    map.put("test_values", (long) forecasts.length);
    return map;
  }

  @Override
  public Map<String, String> conventions() {
    var map = new LinkedHashMap<String, String>();
    map.put("mse", "mean squared error on the test values, in the units of the series, squared");
    map.put(PERSISTENCE, "the last value seen");
    map.put("train mean", "the mean of the training values");
    map.put("t-n", "the value n steps before the one to forecast");
    map.put("t-n + growth", "that, and what the last value seen gained over the one n before it");
    map.put("AR(n)", "least squares on the last n values seen, fitted on the training values");
    map.keySet()
        .removeIf(
            name ->
                name.startsWith("t-")
                        && baselines.keySet().stream().noneMatch(b -> b.startsWith("t-"))
                    || name.startsWith("AR")
                        && baselines.keySet().stream().noneMatch(b -> b.startsWith("AR")));
    return map;
  }

  @Override
  public Map<String, byte[]> files() {
    return Map.of(
        "prediction.png", picture(), "predictions.csv", table().getBytes(StandardCharsets.UTF_8));
  }

  private String table() {
    var text = new StringBuilder("time,truth,forecast\n");
    for (int i = 0; i < forecasts.length; i++) {
      int at = series().train() + i;
      text.append(CsvField.of(series().times().get(at)))
          .append(',')
          .append(series().values()[at])
          .append(',')
          .append((float) forecasts[i])
          .append('\n');
    }
    return text.toString();
  }

  /** The last window before the test values, and these with their forecasts. */
  private byte[] picture() {
    var times = new Times(series().times());
    int before = Math.max(0, series().train() - windows.seen());
    int from = series().train();
    int to = series().values().length;
    var truth = new Curve.Line("truth", times.range(before, to), range(before, to));
    var model = new Curve.Line("this model", times.range(from, to), forecasts);
    return new Curve(title(), times.label(), series().name(), false, List.of(truth, model)).png();
  }

  private double[] range(int from, int to) {
    return Arrays.copyOfRange(series().values(), from, to);
  }

  @Override
  public void show(Report page) {
    page.paragraph("The model's " + sentence() + ".");
    page.png("Test values, and what the model foresaw of each " + ahead() + ".", picture());
    var rows = new ArrayList<List<String>>();
    rows.add(row("this model", mse));
    baselines.forEach((name, value) -> rows.add(row(name, value)));
    page.section("Beside what learns little")
        .table("", List.of("", "mse", "over persistence's"), rows);
  }

  private List<String> row(String name, double value) {
    return List.of(
        name,
        number(value),
        String.format(Locale.ROOT, "%.3f", value / baselines.get(PERSISTENCE)));
  }
}
