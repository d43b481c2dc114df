package dev.sluice.data;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Mean squared errors on the test values of forecasts that learn little or nothing: what a model
 * has to beat. Each forecasts value t from values up to {@code t - horizon}.
 *
 * @param series whose test values are forecast
 * @param horizon how far ahead, at least 1
 */
public record SeriesBaselines(Series series, int horizon) {
  /** Checks the horizon. */
  public SeriesBaselines {
    if (horizon < 1 || horizon > series.train()) {
      throw new IllegalArgumentException(
          "series %s: expected a horizon of 1 to %d, got %d"
              .formatted(series.name(), series.train(), horizon));
    }
  }

  private double mse(IntToDoubleFunction forecast) {
    return IntStream.range(series.train(), series.values().length)
        .mapToDouble(t -> forecast.applyAsDouble(t) - series.values()[t])
        .map(error -> error * error)
        .average()
        .orElseThrow();
  }

  private double at(int t) {
    return series.values()[t];
  }

  private void require(int reach, int least, String what) {
    if (least < horizon || reach > series.train()) {
      throw new IllegalArgumentException(
          "series %s: expected %s of the horizon, %d, or more, that fits %d training values, got %d"
              .formatted(series.name(), what, horizon, series.train(), least));
    }
  }

  /** {@return the error of the last value seen} */
  public double persistence() {
    return mse(t -> at(t - horizon));
  }

  /** {@return the error of the mean of the training values} */
  public double trainMean() {
    double mean = Arrays.stream(series.values(), 0, series.train()).average().orElseThrow();
    return mse(t -> mean);
  }

  /**
   * {@return the error of the value one period ago}
   *
   * @param period at least the horizon
   */
  public double seasonal(int period) {
    require(period, period, "a period");
    return mse(t -> at(t - period));
  }

  /**
   * {@return the error of the value one period ago and what the last value seen gained over the one
   * a period before it}
   *
   * @param period at least the horizon
   */
  public double growth(int period) {
    require(horizon + period, period, "a period");
    return mse(t -> at(t - period) + at(t - horizon) - at(t - horizon - period));
  }

  /**
   * {@return the error of the linear forecast from the last values seen, least squares on the
   * training values}
   *
   * @param order how many values
   */
  public double autoregression(int order) {
    if (order < 1 || horizon + order - 1 + 2L * (order + 1) > series.train()) {
      throw new IllegalArgumentException(
          "series %s: expected an order that 3 times over fits %d training values, got %d"
              .formatted(series.name(), series.train(), order));
    }
    double mean = Arrays.stream(series.values(), 0, series.train()).average().orElseThrow();
    // Row: a one, the values before, the target; all less the mean, for the sake of rounding.
    var normal = new double[order + 1][order + 2];
    for (int t = horizon + order - 1; t < series.train(); t++) {
      double[] row = row(t, order, mean);
      for (int i = 0; i <= order; i++) {
        for (int j = 0; j <= order + 1; j++) {
          normal[i][j] += row[i] * row[j];
        }
      }
    }
    double[] weights = solved(normal);
    return mse(
        t -> {
          double[] row = row(t, order, mean);
          return mean + IntStream.rangeClosed(0, order).mapToDouble(i -> weights[i] * row[i]).sum();
        });
  }

  private double[] row(int t, int order, double mean) {
    var row = new double[order + 2];
    row[0] = 1;
    for (int i = 1; i <= order; i++) {
      row[i] = at(t - horizon - i + 1) - mean;
    }
    row[order + 1] = at(t) - mean;
    return row;
  }

  /** Gauss and Jordan with the largest pivot; a column without one gets the weight 0. */
  private static double[] solved(double[][] system) {
    int n = system.length;
    var weights = new double[n];
    double tiny = 1e-12 * IntStream.range(0, n).mapToDouble(i -> system[i][i]).max().orElseThrow();
    for (int k = 0; k < n; k++) {
      int column = k;
      int best =
          IntStream.range(k, n)
              .reduce((a, b) -> Math.abs(system[b][column]) > Math.abs(system[a][column]) ? b : a)
              .orElseThrow();
      double[] pivot = system[best];
      system[best] = system[k];
      system[k] = pivot;
      for (int i = 0; i < n && Math.abs(pivot[k]) > tiny; i++) {
        double factor = i == k ? 0 : system[i][k] / pivot[k];
        for (int j = k; j <= n; j++) {
          system[i][j] -= factor * pivot[j];
        }
      }
    }
    for (int k = 0; k < n; k++) {
      weights[k] = Math.abs(system[k][k]) <= tiny ? 0 : system[k][n] / system[k][k];
    }
    return weights;
  }

  /**
   * {@return the baselines by name, those that fit the series}
   *
   * @param period of its season in steps; 0 for none
   */
  public Map<String, Double> all(int period) {
    var all = new LinkedHashMap<String, Double>();
    all.put("persistence", persistence());
    all.put("train mean", trainMean());
    if (period >= horizon && horizon + period <= series.train()) {
      all.put("t-" + period, seasonal(period));
      all.put("t-" + period + " + growth", growth(period));
    }
    for (int order : new int[] {2, 9}) {
      if (horizon + order - 1 + 2 * (order + 1) <= series.train()) {
        all.put("AR(" + order + ")", autoregression(order));
      }
    }
    return all;
  }
}
