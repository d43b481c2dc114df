package dev.sluice.cli.experiments;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * A number that was measured once a seed.
 *
 * @param values in the order of the seeds
 */
public record Spread(double... values) {
  /**
   * {@return one value of each}
   *
   * @param <T> a run
   * @param runs in the order of the seeds
   * @param value of a run
   */
  public static <T> Spread of(List<T> runs, ToDoubleFunction<T> value) {
    return new Spread(runs.stream().mapToDouble(value).toArray());
  }

  /** {@return the mean, NaN of none} */
  public double mean() {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  double least() {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  double greatest() {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }

  /** The mean of the logarithms, as a value. */
  double geometricMean() {
    return Math.exp(Arrays.stream(values).map(Math::log).average().orElse(Double.NaN));
  }

  /** {@return the standard deviation of a sample, 0 for one value} */
  public double deviation() {
    double mean = mean();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  }

  /** The mean, and after it the deviation where there is more than one value. */
  String text(String format) {
    String mean = Numbers.text(format, mean());
    return values.length < 2 ? mean : mean + " ± " + Numbers.text(format, deviation());
  }

  /** All values, in the order of the seeds; what is not a number never came. */
  String each(String format) {
    return Arrays.stream(values)
        .mapToObj(v -> Double.isNaN(v) ? "never" : Numbers.text(format, v))
        .collect(Collectors.joining(", "));
  }

  /** As text, or each where some never came. */
  String orNever(String format) {
    return Arrays.stream(values).anyMatch(Double::isNaN) ? each(format) : text(format);
  }

  /** Least to greatest. */
  String range(String format) {
    String low = Numbers.text(format, least());
    String high = Numbers.text(format, greatest());
    return low.equals(high) ? low : low + " to " + high;
  }
}
