package dev.sluice.data;

import java.util.Objects;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * x: [T, N, 1] to y: [N, 1]: the last T values of a series and the one that comes {@code horizon}
 * steps after them, z-scored from the training values.
 *
 * <p>A window belongs to the split of the value to forecast; what a test window sees may lie in the
 * training years, but never at or after its target. Of a series that grows, give the differences: x
 * is then the last T changes from one value to the next, y the change from the last value seen to
 * the target. A network cannot forecast levels above all that it was trained on.
 */
public final class SeriesWindows {
  private final Series series;
  private final int seen;
  private final int horizon;
  private final boolean differences;
  private final Scale input;
  private final Scale output;

  /**
   * (value - mean) / deviation.
   *
   * @param mean of the training values
   * @param deviation of the training values, 1 where they are all the same
   */
  public record Scale(double mean, double deviation) {
    private static Scale of(int from, int to, IntToDoubleFunction value) {
      double mean = IntStream.range(from, to).mapToDouble(value).average().orElseThrow();
      double square =
          IntStream.range(from, to)
              .mapToDouble(value)
              .map(v -> (v - mean) * (v - mean))
              .average()
              .orElseThrow();
      return new Scale(mean, square == 0 ? 1 : Math.sqrt(square));
    }

    /**
     * {@return the z-score of a value}
     *
     * @param value in the units of the series
     */
    public float scaled(double value) {
      return (float) ((value - mean) / deviation);
    }

    /**
     * {@return the value of a z-score, in the units of the series}
     *
     * @param scaled the z-score
     */
    public double value(double scaled) {
      return scaled * deviation + mean;
    }
  }

  /**
   * Windows over a series.
   *
   * @param series of values
   * @param seen T, at least 1
   * @param horizon at least 1
   * @param differences whether changes stand for levels
   * @throws IllegalArgumentException if the training values do not fill one window and its target
   */
  public SeriesWindows(Series series, int seen, int horizon, boolean differences) {
    this.series = Objects.requireNonNull(series, "series");
    this.seen = seen;
    this.horizon = horizon;
    this.differences = differences;
    if (seen < 1 || horizon < 1) {
      throw new IllegalArgumentException(
          "series %s: expected a window and a horizon of 1 or more, got %d and %d"
              .formatted(series.name(), seen, horizon));
    }
    if (first() >= series.train()) {
      throw new IllegalArgumentException(
          ("series %s: expected more than %d training values for a window of %d and a horizon of"
                  + " %d, got %d")
              .formatted(series.name(), first(), seen, horizon, series.train()));
    }
    input = Scale.of(differences ? 1 : 0, series.train(), this::input);
    output = differences ? Scale.of(horizon, series.train(), i -> target(i) - last(i)) : input;
    if (!Double.isFinite(input.mean + input.deviation + output.mean + output.deviation)) {
      throw new IllegalArgumentException(
          "series %s: expected values whose squares can be summed, got larger ones"
              .formatted(series.name()));
    }
  }

  /** {@return the series} */
  public Series series() {
    return series;
  }

  /** {@return T} */
  public int seen() {
    return seen;
  }

  /** {@return how far behind the last value seen the target lies} */
  public int horizon() {
    return horizon;
  }

  /** {@return whether changes stand for levels} */
  public boolean differences() {
    return differences;
  }

  /** {@return the scale of x} */
  public Scale inputScale() {
    return input;
  }

  /** {@return the scale of y} */
  public Scale outputScale() {
    return output;
  }

  /** The first target with a whole window before it. */
  private int first() {
    return (int) Math.min(Integer.MAX_VALUE, (long) seen + horizon - (differences ? 0 : 1));
  }

  private double input(int i) {
    double[] values = series.values();
    return differences ? values[i] - values[i - 1] : values[i];
  }

  private double target(int i) {
    return series.values()[i];
  }

  private double last(int i) {
    return series.values()[i - horizon];
  }

  /**
   * {@return how many windows a split has}
   *
   * @param split of the targets
   */
  public int count(Split split) {
    return split == Split.TRAIN ? series.train() - first() : series.test();
  }

  /**
   * {@return where a window's target is in the series}
   *
   * @param split of the targets
   * @param window 0 to {@code count(split) - 1}
   */
  public int target(Split split, int window) {
    Objects.checkIndex(window, count(split));
    return window + (split == Split.TRAIN ? first() : series.train());
  }

  /**
   * Copies windows, z-scored.
   *
   * @param split of the targets
   * @param windows N of them, each 0 to {@code count(split) - 1}
   * @param x [T, N, 1], overwritten
   * @param y [N, 1], overwritten
   */
  public void batch(Split split, int[] windows, float[] x, float[] y) {
    int n = windows.length;
    if (x.length != (long) seen * n || y.length != n) {
      throw new IllegalArgumentException(
          "series windows: expected room for x [%d, %d, 1] and y [%d, 1], got %d and %d floats"
              .formatted(seen, n, n, x.length, y.length));
    }
    for (int w = 0; w < n; w++) {
      int target = target(split, windows[w]);
      int from = target - horizon - seen + 1;
      for (int t = 0; t < seen; t++) {
        x[t * n + w] = input.scaled(input(from + t));
      }
      y[w] = output.scaled(target(target) - (differences ? last(target) : 0));
    }
  }

  /**
   * {@return forecasts in the units of the series}
   *
   * @param split of the targets
   * @param outputs what a model made of the split's windows, in order, z-scored
   */
  public double[] forecasts(Split split, float[] outputs) {
    if (outputs.length != count(split)) {
      throw new IllegalArgumentException(
          "series windows: expected %d outputs, one a window, got %d"
              .formatted(count(split), outputs.length));
    }
    var forecasts = new double[outputs.length];
    for (int w = 0; w < outputs.length; w++) {
      forecasts[w] = output.value(outputs[w]) + (differences ? last(target(split, w)) : 0);
    }
    return forecasts;
  }

  /**
   * {@return what comes after the series' end, {@code horizon} steps later, from a model's output
   * for {@link #latest}}
   *
   * @param scaled the output
   */
  public double next(float scaled) {
    double[] values = series.values();
    return output.value(scaled) + (differences ? values[values.length - 1] : 0);
  }

  /** {@return [T, 1, 1]: the last values of the series, z-scored; what comes next nobody knows} */
  public float[] latest() {
    var x = new float[seen];
    for (int t = 0; t < seen; t++) {
      x[t] = input.scaled(input(series.values().length - seen + t));
    }
    return x;
  }

  /**
   * {@return the mean squared error of a model in the units of the series, squared}
   *
   * @param split of the targets
   * @param outputs what a model made of the split's windows, in order, z-scored
   */
  public double mse(Split split, float[] outputs) {
    double[] forecasts = forecasts(split, outputs);
    return IntStream.range(0, forecasts.length)
        .mapToDouble(w -> forecasts[w] - target(target(split, w)))
        .map(error -> error * error)
        .average()
        .orElseThrow();
  }
}
