package dev.sluice.cli.pictures;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Maps values to pixels.
 *
 * @param low the least value shown
 * @param high the greatest value shown
 * @param step between ticks
 * @param lowAt the pixel of {@code low}
 * @param highAt the pixel of {@code high}
 */
record Axis(double low, double high, double step, double lowAt, double highAt) {
  /** An axis on which all finite values fit, with about {@code count} ticks at round numbers. */
  static Axis of(List<double[]> values, boolean fromZero, double lowAt, double highAt, int count) {
    double low = fromZero ? 0 : Double.POSITIVE_INFINITY;
    double high = fromZero ? 0 : Double.NEGATIVE_INFINITY;
    for (double[] some : values) {
      for (double value : some) {
        if (Double.isFinite(value)) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    if (!(low < high)) {
      double only = Double.isFinite(low) ? low : 0;
      low = only;
      high = only + Math.max(1e-3, Math.abs(only));
    }
    double step = round((high - low) / count);
    if (lowAt > highAt) { // upwards: end on ticks
      low = Math.floor(low / step + 1e-9) * step;
      high = Math.ceil(high / step - 1e-9) * step;
    }
    return new Axis(low, high, step, lowAt, highAt);
  }

  /** {@return 1, 2 or 5 times a power of ten, no less than the given} */
  private static double round(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (int factor : new int[] {1, 2, 5}) {
      if (factor * power >= least * (1 - 1e-9)) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  double at(double value) {
    return lowAt + (value - low) / (high - low) * (highAt - lowAt);
  }

  double[] ticks() {
    int first = (int) Math.ceil(low / step - 1e-9);
    int last = (int) Math.floor(high / step + 1e-9);
    var ticks = new double[last - first + 1];
    Arrays.setAll(ticks, i -> (first + i) * step);
    return ticks;
  }

  /** {@return the tick with as many decimals as the step needs} */
  String label(double tick) {
    int decimals = Math.max(0, (int) -Math.floor(Math.log10(step) + 1e-9));
    return decimals > 6 || step >= 1e7
        ? String.format(Locale.ROOT, "%.2e", tick)
        : String.format(Locale.ROOT, "%,." + decimals + "f", tick == 0 ? 0 : tick);
  }
}
