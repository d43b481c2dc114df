package dev.sluice.data;

import dev.sluice.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Objects;

/**
 * Monthly mean winds near the sea and land surface in m/s, 1982-01 to 1992-12, the whole globe at
 * 2.5 degrees: frames [73, 144, 2] = latitude from 90 S, longitude from 20 E, (zonal, meridional).
 *
 * <p>Months 0 to 95 are for training, 96 to 131 for testing. Climatology, scale, damping and the
 * lag-1 map come from the training months alone. A training month's own anomaly is within the mean
 * that it is taken from, so it is multiplied by 8/7, which makes it exactly its anomaly from the
 * mean of the seven other years. A test month's needs no factor, nor does any month's that a test
 * month is foretold from.
 */
public final class Winds {
  /** Months in all. */
  public static final int MONTHS = 132;

  /** Months for training, the first. */
  public static final int TRAIN = 96;

  /** Latitudes, from 90 S to 90 N. */
  public static final int HEIGHT = 73;

  /** Longitudes, from 20 E round the globe. */
  public static final int WIDTH = 144;

  /** Zonal and meridional. */
  public static final int COMPONENTS = 2;

  private static final int FRAME = HEIGHT * WIDTH * COMPONENTS;
  private static final int YEARS = TRAIN / 12;

  private final float[] winds;
  private final float[] climatology;
  private final float[] anomalies;
  private final double[] scale = new double[COMPONENTS];
  private final double[] damping = new double[COMPONENTS];
  private final float[] lag;
  private final float[] places;

  private Winds(float[] winds) {
    this.winds = winds;
    climatology = climatologyOf(winds);
    anomalies = anomaliesOf(winds, climatology);
    for (int c = 0; c < COMPONENTS; c++) {
      scale[c] = Math.sqrt(products(0, TRAIN, 0, c, COMPONENTS) / (TRAIN * FRAME / COMPONENTS));
      damping[c] = products(1, TRAIN, 1, c, COMPONENTS) / products(0, TRAIN - 1, 0, c, COMPONENTS);
    }
    lag = new float[FRAME];
    for (int p = 0; p < FRAME; p++) {
      double square = products(0, TRAIN - 1, 0, p, FRAME);
      double share = square > 0 ? products(1, TRAIN, 1, p, FRAME) / square : 0;
      lag[p] = (float) Math.clamp(share, 0, 1);
    }
    places = placesOf();
  }

  /** {@return the winds that the library carries; loaded once} */
  public static Winds bundled() {
    return Bundled.WINDS;
  }

  private static final class Bundled {
    static final Winds WINDS = load();

    private static Winds load() {
      String name = "winds/navy-winds-1982-1992-i16.npy.gz";
      try (InputStream in = TextLines.open(name)) {
        var array = Npy.read(in, name);
        if (!Arrays.equals(array.shape().dims(), new long[] {MONTHS, COMPONENTS, HEIGHT, WIDTH})) {
          throw new FormatException(name + ": expected [132, 2, 73, 144], got " + array.shape());
        }
        return new Winds(channelsLast(array.values()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** From 0.01 m/s [132, 2, 73, 144] to m/s [132, 73, 144, 2]. */
  private static float[] channelsLast(float[] stored) {
    int pixels = HEIGHT * WIDTH;
    var winds = new float[stored.length];
    for (int i = 0; i < stored.length; i++) {
      int month = i / FRAME;
      int component = i / pixels % COMPONENTS;
      winds[month * FRAME + i % pixels * COMPONENTS + component] = stored[i] / 100f;
    }
    return winds;
  }

  private static float[] climatologyOf(float[] winds) {
    var mean = new float[12 * FRAME];
    for (int i = 0; i < mean.length; i++) {
      double sum = 0;
      for (int year = 0; year < YEARS; year++) {
        sum += winds[year * 12 * FRAME + i];
      }
      mean[i] = (float) (sum / YEARS);
    }
    return mean;
  }

  private static float[] anomaliesOf(float[] winds, float[] climatology) {
    var anomalies = new float[winds.length];
    for (int i = 0; i < winds.length; i++) {
      float anomaly = winds[i] - climatology[i % climatology.length];
      anomalies[i] = i < TRAIN * FRAME ? anomaly * YEARS / (YEARS - 1) : anomaly;
    }
    return anomalies;
  }

  /** Sums anomaly x anomaly {@code lag} months before over months and every stride-th element. */
  private double products(int from, int to, int lag, int first, int stride) {
    double sum = 0;
    for (int month = from; month < to; month++) {
      for (int p = first; p < FRAME; p += stride) {
        double before = anomalies[(month - lag) * FRAME + p];
        sum += before * anomalies[month * FRAME + p];
      }
    }
    return sum;
  }

  /**
   * {@return [73, 144, 2]: the winds of a month in m/s}
   *
   * @param month 0 to 131
   */
  public float[] month(int month) {
    return frame(winds, Objects.checkIndex(month, MONTHS));
  }

  /**
   * {@return [73, 144, 2]: what a month is like, the mean of the 8 training years in m/s}
   *
   * @param month 0 to 131, of any year
   */
  public float[] climatology(int month) {
    return frame(climatology, Objects.checkIndex(month, MONTHS) % 12);
  }

  /**
   * {@return [73, 144, 2]: a month less its climatology in m/s, times 8/7 if it is for training}
   *
   * @param month 0 to 131
   */
  public float[] anomaly(int month) {
    return frame(anomalies, Objects.checkIndex(month, MONTHS));
  }

  /**
   * {@return [73, 144, 2]: the anomaly of a month in m/s as a forecast of a later one sees it} With
   * the factor 8/7 where the later month is for training, without it where that is for testing.
   *
   * @param month 0 to {@code foretold - 1}
   * @param foretold the later month, up to 131
   */
  public float[] anomaly(int month, int foretold) {
    Objects.checkIndex(month, Objects.checkIndex(foretold, MONTHS));
    float[] anomaly = anomaly(month);
    for (int p = 0; p < FRAME && month < TRAIN && foretold >= TRAIN; p++) {
      anomaly[p] = winds[month * FRAME + p] - climatology[month % 12 * FRAME + p];
    }
    return anomaly;
  }

  private static float[] frame(float[] frames, int index) {
    return Arrays.copyOfRange(frames, index * FRAME, (index + 1) * FRAME);
  }

  /**
   * {@return the root of the mean squared training anomaly in m/s}
   *
   * @param component 0 zonal, 1 meridional
   */
  public double scale(int component) {
    return scale[component];
  }

  /**
   * {@return the share of an anomaly that is left a month later, one number for the globe}
   *
   * @param component 0 zonal, 1 meridional
   */
  public double damping(int component) {
    return damping[component];
  }

  /** {@return [73, 144, 2]: the same share pixel by pixel, cut to 0..1: the lag-1 map} */
  public float[] lag() {
    return lag.clone();
  }

  /**
   * {@return [73, 144, 2]: the anomaly of a month that the one before and the lag-1 map foretell}
   *
   * @param month 1 to 131
   */
  public float[] damped(int month) {
    float[] before = anomaly(month - 1, month);
    for (int p = 0; p < FRAME; p++) {
      before[p] *= lag[p];
    }
    return before;
  }

  /**
   * {@return [73, 144, 6]: what is known of each place, near -1..1: the deviations of its training
   * anomalies over three times the globe's, less 1/3, its lag-1 shares less 1/3, its latitude over
   * 90 degrees and the square of that}
   */
  public float[] places() {
    return places.clone();
  }

  private float[] placesOf() {
    var places = new float[HEIGHT * WIDTH * 6];
    for (int pixel = 0; pixel < HEIGHT * WIDTH; pixel++) {
      double latitude = (pixel / WIDTH) * 2.0 / (HEIGHT - 1) - 1;
      for (int c = 0; c < COMPONENTS; c++) {
        int p = pixel * COMPONENTS + c;
        double deviation = Math.sqrt(products(0, TRAIN, 0, p, FRAME) / TRAIN);
        places[pixel * 6 + c] = (float) ((deviation / scale[c] - 1) / 3);
        places[pixel * 6 + 2 + c] = lag[p] - 1 / 3f;
      }
      places[pixel * 6 + 4] = (float) latitude;
      places[pixel * 6 + 5] = (float) (latitude * latitude);
    }
    return places;
  }

  /**
   * {@return the mean squared errors of what learns little, on the 36 test months}
   *
   * @param component 0 zonal, 1 meridional
   */
  public Baselines baselines(int component) {
    var errors = new double[5];
    for (int month = TRAIN; month < MONTHS; month++) {
      float[] before = anomaly(month - 1, month);
      float[] damped = damped(month);
      for (int p = component; p < FRAME; p += COMPONENTS) {
        double anomaly = anomalies[month * FRAME + p];
        double last = before[p];
        double change = winds[month * FRAME + p] - (double) winds[(month - 1) * FRAME + p];
        errors[0] += change * change;
        errors[1] += anomaly * anomaly;
        errors[2] += (anomaly - last) * (anomaly - last);
        errors[3] += Math.pow(anomaly - damping[component] * last, 2);
        errors[4] += Math.pow(anomaly - damped[p], 2);
      }
    }
    double count = (MONTHS - TRAIN) * (FRAME / (double) COMPONENTS);
    return new Baselines(
        errors[0] / count,
        errors[1] / count,
        errors[2] / count,
        errors[3] / count,
        errors[4] / count);
  }

  /**
   * Mean squared errors in (m/s)^2 over all pixels of the test months, one month ahead.
   *
   * @param persistence the month before
   * @param climatology the mean of the same month in the training years
   * @param undamped climatology and the whole anomaly of the month before
   * @param damped climatology and one share of that anomaly
   * @param perPixel climatology and each pixel's own share: the one to beat
   */
  public record Baselines(
      double persistence, double climatology, double undamped, double damped, double perPixel) {}
}
