package dev.sluice.cli.verify;

import dev.sluice.train.VideoMetric;
import java.util.Set;

/**
 * Scores of predicted frames, each {@code expected} one by its name; always in double precision.
 */
final class MetricsRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return Set.of("layout", "note").contains(key);
  }

  @Override
  public void run(Trip trip) {
    trip.config().require("layout", "BTCHW");
    var pred = floats(trip, "in.pred");
    var truth = floats(trip, "in.true");
    var shape = trip.subject().shape("in.pred");
    for (var key : trip.subject().expected().keys()) {
      VideoMetric.of(key)
          .ifPresentOrElse(
              metric -> trip.judge().expected(key, metric.compute(pred, truth, shape)),
              () -> trip.judge().gap("expected." + key + ": no metric of that name"));
    }
  }

  private static float[] floats(Trip trip, String name) {
    double[] values = trip.subject().values(name);
    var floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
