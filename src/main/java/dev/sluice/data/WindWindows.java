package dev.sluice.data;

import java.util.Objects;
import java.util.stream.IntStream;

/**
 * x: [T, N, 73, 144 + 2 pad, C] to y: [N, 73, 144 + 2 pad, 2]: the winds of T months and the next
 * one, as anomalies over their scale, the longitudes {@link Longitudes#wrap wrapped}. A month is
 * foretold from the months before it only.
 *
 * @param winds what is foretold
 * @param seen T, 1 to 95
 * @param pad columns that are repeated on each side, 0 to 144
 * @param target what y is
 * @param places whether the six {@link Winds#places maps} follow the two anomalies in x, in every
 *     month: C is 8 with them, 2 without
 */
public record WindWindows(Winds winds, int seen, int pad, Target target, boolean places) {
  /** What a model learns. */
  public enum Target {
    /** The next anomaly. */
    ANOMALY,
    /** What the next anomaly has over the last one times the lag-1 map. */
    RESIDUAL
  }

  /** Checks the sizes. */
  public WindWindows {
    Objects.requireNonNull(winds, "winds");
    Objects.requireNonNull(target, "target");
    if (seen < 1 || seen >= Winds.TRAIN || pad < 0 || pad > Winds.WIDTH) {
      throw new IllegalArgumentException(
          "winds: expected 1 to %d months in and a padding of 0 to %d, got %d and %d"
              .formatted(Winds.TRAIN - 1, Winds.WIDTH, seen, pad));
    }
  }

  /**
   * {@return the months that can be foretold}
   *
   * @param split of them: months seen to 95, or 96 to 131
   */
  public int[] months(Split split) {
    return split == Split.TRAIN
        ? IntStream.range(seen, Winds.TRAIN).toArray()
        : IntStream.range(Winds.TRAIN, Winds.MONTHS).toArray();
  }

  /** {@return C} */
  public int channels() {
    return places ? 8 : Winds.COMPONENTS;
  }

  /** {@return 144 + 2 pad} */
  public int width() {
    return Winds.WIDTH + 2 * pad;
  }

  /**
   * {@return [T, N, 73, 144 + 2 pad, C]: what is seen of each month's past}
   *
   * @param months N of them to foretell, each from T to 131
   */
  public float[] inputs(int... months) {
    int frame = Winds.HEIGHT * width() * channels();
    var x = new float[Math.multiplyExact(seen * months.length, frame)];
    float[] maps = places ? winds.places() : new float[0];
    for (int n = 0; n < months.length; n++) {
      check(months[n]);
      for (int t = 0; t < seen; t++) {
        float[] input = scaled(winds.anomaly(months[n] - seen + t, months[n]));
        float[] wrapped =
            Longitudes.wrap(places ? joined(input, maps) : input, Winds.WIDTH, channels(), pad);
        System.arraycopy(wrapped, 0, x, (t * months.length + n) * frame, frame);
      }
    }
    return x;
  }

  /**
   * {@return [N, 73, 144 + 2 pad, 2]: what each month is to be}
   *
   * @param months N of them, each from T to 131
   */
  public float[] targets(int... months) {
    int frame = Winds.HEIGHT * width() * Winds.COMPONENTS;
    var y = new float[Math.multiplyExact(months.length, frame)];
    for (int n = 0; n < months.length; n++) {
      check(months[n]);
      float[] anomaly = winds.anomaly(months[n]);
      if (target == Target.RESIDUAL) {
        float[] damped = winds.damped(months[n]);
        for (int p = 0; p < anomaly.length; p++) {
          anomaly[p] -= damped[p];
        }
      }
      float[] wrapped = Longitudes.wrap(scaled(anomaly), Winds.WIDTH, Winds.COMPONENTS, pad);
      System.arraycopy(wrapped, 0, y, n * frame, frame);
    }
    return y;
  }

  private void check(int month) {
    if (month < seen || month >= Winds.MONTHS) {
      throw new IllegalArgumentException(
          "winds: expected months %d to %d to foretell, got %d"
              .formatted(seen, Winds.MONTHS - 1, month));
    }
  }

  private float[] scaled(float[] frame) {
    for (int p = 0; p < frame.length; p++) {
      frame[p] /= (float) winds.scale(p % Winds.COMPONENTS);
    }
    return frame;
  }

  private float[] joined(float[] anomaly, float[] maps) {
    var joined = new float[Winds.HEIGHT * Winds.WIDTH * channels()];
    int more = channels() - Winds.COMPONENTS;
    for (int pixel = 0; pixel < Winds.HEIGHT * Winds.WIDTH; pixel++) {
      System.arraycopy(anomaly, 2 * pixel, joined, pixel * channels(), 2);
      System.arraycopy(maps, more * pixel, joined, pixel * channels() + 2, more);
    }
    return joined;
  }

  /**
   * {@return [73, 144, 2]: a month's winds in m/s, foretold by a model}
   *
   * @param month that is foretold
   * @param output [73, 144 + 2 pad, 2] of the model
   */
  public float[] forecast(int month, float[] output) {
    check(month);
    float[] frame = Longitudes.crop(output, width(), Winds.COMPONENTS, pad);
    float[] climatology = winds.climatology(month);
    float[] damped = target == Target.RESIDUAL ? winds.damped(month) : new float[frame.length];
    for (int p = 0; p < frame.length; p++) {
      frame[p] = climatology[p] + damped[p] + frame[p] * (float) winds.scale(p % Winds.COMPONENTS);
    }
    return frame;
  }

  /**
   * {@return the mean squared error in (m/s)^2 of a model's forecast of one month}
   *
   * @param month that is foretold
   * @param output [73, 144 + 2 pad, 2] of the model
   * @param component 0 zonal, 1 meridional
   */
  public double mse(int month, float[] output, int component) {
    float[] foretold = forecast(month, output);
    float[] truth = winds.month(month);
    double sum = 0;
    for (int p = component; p < truth.length; p += Winds.COMPONENTS) {
      double error = (double) foretold[p] - truth[p];
      sum += error * error;
    }
    return sum / (Winds.HEIGHT * Winds.WIDTH);
  }
}
