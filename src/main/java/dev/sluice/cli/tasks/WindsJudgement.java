package dev.sluice.cli.tasks;

import dev.sluice.cli.pictures.Curve;
import dev.sluice.cli.pictures.Report;
import dev.sluice.cli.pictures.WindMaps;
import dev.sluice.data.Split;
import dev.sluice.data.WindWindows;
import dev.sluice.data.Winds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;

/**
 * What a network's forecasts of the last 36 months are worth.
 *
 * @param errors [2][36]: the mean squared error of each component in each month
 * @param local the same of climatology and each pixel's share of the last anomaly, [36], zonal
 * @param climatology [36], zonal
 * @param maps a PNG of one month
 */
record WindsJudgement(double[][] errors, double[] local, double[] climatology, byte[] maps)
    implements Judgement {
  // Of the test months, the one that is drawn: January of the second year.
  private static final int DRAWN = Winds.TRAIN + 12;
  private static final int YEAR = 12;

  static Optional<Judgement> of(
      WindWindows windows, IntFunction<float[]> forecast, BooleanSupplier stop) {
    int[] months = windows.months(Split.TEST);
    var winds = windows.winds();
    var errors = new double[Winds.COMPONENTS][months.length];
    var local = new double[months.length];
    var climatology = new double[months.length];
    byte[] maps = null;
    for (int i = 0; i < months.length; i++) {
      if (stop.getAsBoolean()) {
        return Optional.empty();
      }
      float[] foretold = forecast.apply(months[i]);
      float[] truth = winds.month(months[i]);
      float[] usual = winds.climatology(months[i]);
      float[] damped = winds.damped(months[i]);
      for (int p = 0; p < damped.length; p++) {
        damped[p] += usual[p];
      }
      for (int c = 0; c < Winds.COMPONENTS; c++) {
        errors[c][i] = mse(foretold, truth, c);
      }
      local[i] = mse(damped, truth, 0);
      climatology[i] = mse(usual, truth, 0);
      if (months[i] == DRAWN) {
        maps = maps(foretold, truth, usual);
      }
    }
    return Optional.of(new WindsJudgement(errors, local, climatology, maps));
  }

  private static double mse(float[] foretold, float[] truth, int component) {
    double sum = 0;
    for (int p = component; p < truth.length; p += Winds.COMPONENTS) {
      double error = (double) foretold[p] - truth[p];
      sum += error * error;
    }
    return sum / (Winds.HEIGHT * Winds.WIDTH);
  }

  /** Zonal anomaly as it came, as it was foretold, and the error. */
  static byte[] maps(float[] foretold, float[] truth, float[] usual) {
    return WindMaps.png(
        Winds.HEIGHT,
        Winds.WIDTH,
        List.of(
            new WindMaps.Map("came, over climatology", zonal(truth, usual)),
            new WindMaps.Map("foretold, over climatology", zonal(foretold, usual)),
            new WindMaps.Map("foretold less came", zonal(foretold, truth))));
  }

  static float[] zonal(float[] frame, float[] less) {
    var zonal = new float[frame.length / Winds.COMPONENTS];
    for (int p = 0; p < zonal.length; p++) {
      zonal[p] = frame[p * Winds.COMPONENTS] - less[p * Winds.COMPONENTS];
    }
    return zonal;
  }

  @Override
  public String title() {
    return "Next month's winds";
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static Map<String, Object> baselines(int component) {
    var b = Winds.bundled().baselines(component);
    var map = new LinkedHashMap<String, Object>();
    map.put("persistence", b.persistence());
    map.put("climatology", b.climatology());
    map.put("damped_anomaly", b.damped());
    map.put("damped_anomaly_per_pixel", b.perPixel());
    return map;
  }

  @Override
  public String sentence() {
    var b = Winds.bundled().baselines(0);
    return String.format(
        Locale.ROOT,
        "zonal mse %.3f (m/s)^2 on 36 months that it never saw; persistence %.3f, climatology"
            + " %.3f, damped anomaly %.3f, damped pixel by pixel %.3f",
        mean(errors[0]),
        b.persistence(),
        b.climatology(),
        b.damped(),
        b.perPixel());
  }

  @Override
  public Map<String, Object> metrics() {
    var map = new LinkedHashMap<String, Object>();
    map.put("mse_zonal", mean(errors[0]));
    map.put("mse_meridional", mean(errors[1]));
    map.put("mse_zonal_by_year", years(errors[0]));
    map.put("baselines", baselines(0));
    map.put("baselines_meridional", baselines(1));
    return map;
  }

  private static List<Double> years(double[] months) {
    var years = new ArrayList<Double>();
    for (int y = 0; y < months.length; y += YEAR) {
      years.add(mean(Arrays.copyOfRange(months, y, y + YEAR)));
    }
    return years;
  }

  @Override
  public Map<String, String> conventions() {
    var map = new LinkedHashMap<String, String>();
    map.put("mse", "squared error in (m/s)^2, the mean over all pixels and the months 96 to 131");
    map.put("persistence", "the month before");
    map.put("climatology", "the mean of that month in the 8 training years");
    map.put("damped anomaly", "climatology and one share of the last month's anomaly");
    map.put("damped pixel by pixel", "the same with a share of its own for each pixel");
    map.put(
        "no leak",
        "climatology, scale, shares and weights are of months 0 to 95; a test month is foretold"
            + " from months before it");
    return map;
  }

  @Override
  public Map<String, byte[]> files() {
    return Map.of("prediction.png", maps);
  }

  @Override
  public void show(Report page) {
    page.paragraph(sentence() + ".");
    page.png("Zonal winds of January 1991 in m/s, blue from the east, red from the west", maps);
    page.section("Scores").table("Mean squared error in (m/s)^2", header(), rows());
    var lines =
        List.of(
            Curve.Line.numbered("this model", errors[0]),
            Curve.Line.numbered("damped pixel by pixel", local),
            Curve.Line.numbered("climatology", climatology));
    page.png(
        "Error of each test month",
        new Curve("Zonal error, month by month", "test month", "(m/s)^2", true, lines).png());
  }

  private static List<String> header() {
    return List.of("", "zonal", "meridional", "zonal, year 1", "year 2", "year 3");
  }

  private List<List<String>> rows() {
    var rows = new ArrayList<List<String>>();
    rows.add(row("this model", mean(errors[0]), mean(errors[1]), years(errors[0])));
    var zonal = baselines(0);
    var meridional = baselines(1);
    for (var name : zonal.keySet()) {
      var years =
          switch (name) {
            case "climatology" -> years(climatology);
            case "damped_anomaly_per_pixel" -> years(local);
            default -> List.<Double>of();
          };
      rows.add(
          row(
              name.replace('_', ' '),
              (Double) zonal.get(name),
              (Double) meridional.get(name),
              years));
    }
    return rows;
  }

  private static List<String> row(
      String name, double zonal, double meridional, List<Double> years) {
    var cells = new ArrayList<>(List.of(name, number(zonal), number(meridional)));
    for (int y = 0; y < 3; y++) {
      cells.add(years.isEmpty() ? "" : number(years.get(y)));
    }
    return cells;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
