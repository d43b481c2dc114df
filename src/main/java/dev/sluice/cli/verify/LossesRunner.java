package dev.sluice.cli.verify;

import dev.sluice.Tensor;
import dev.sluice.train.Loss;
import dev.sluice.train.SoftmaxCrossEntropy;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.DoubleStream;

/** Losses: {@code exp.<loss>.value} and {@code exp.<loss>.grad}, that of {@code in.pred}. */
final class LossesRunner implements CaseRunner {
  private static final Map<String, BiFunction<Trip, Tensor, Tensor>> LOSSES =
      Map.ofEntries(
          entry("mse_mean", Loss.mse(), "target"),
          entry("mse_sum", Loss.mse().summed(), "target"),
          entry("l1_mean", Loss.l1(), "target"),
          entry("l1_sum", Loss.l1().summed(), "target"),
          entry("smooth_l1_mean", Loss.smoothL1(1), "target"),
          entry("smooth_l1_sum", Loss.smoothL1(1).summed(), "target"),
          entry("bce_logits_mean", Loss.bceWithLogits(), "target01"),
          entry("bce_logits_sum", Loss.bceWithLogits().summed(), "target01"),
          entry("bce_probs_mean", Loss.bce(), "target01"),
          entry("ce_mean", SoftmaxCrossEntropy.mean(), "labels"),
          entry("ce_sum", SoftmaxCrossEntropy.sum(), "labels"),
          entry("ce_mean_ignore", SoftmaxCrossEntropy.mean(), "labels_ignore"),
          entry("ce_sum_ignore", SoftmaxCrossEntropy.sum(), "labels_ignore"));

  private static Map.Entry<String, BiFunction<Trip, Tensor, Tensor>> entry(
      String name, Loss loss, String target) {
    return Map.entry(
        name, (trip, pred) -> loss.of(trip.pass(), pred, trip.constant("in." + target, Axes.SAME)));
  }

  private static Map.Entry<String, BiFunction<Trip, Tensor, Tensor>> entry(
      String name, SoftmaxCrossEntropy loss, String labels) {
    return Map.entry(
        name, (trip, logits) -> loss.of(trip.pass(), logits, trip.subject().ints("in." + labels)));
  }

  @Override
  public boolean knows(String key) {
    return key.equals("note") || key.equals("bce_probs");
  }

  @Override
  public void run(Trip trip) {
    var names = new TreeSet<String>();
    for (var name : trip.subject().names("exp.")) {
      names.add(name.substring(4, name.lastIndexOf('.')));
    }
    for (var name : names) {
      if (LOSSES.containsKey(name)) {
        run(trip, name);
      } else {
        trip.judge().gap("exp." + name + ": no loss of that name");
      }
    }
  }

  private static void run(Trip trip, String name) {
    double slope = 1;
    var values = trip.subject().values("in.pred");
    if (name.startsWith("bce_probs")) {
      // The case's own way from a prediction to a probability, 0.98 (pred + 1) / 2 + 0.01.
      slope = 0.49;
      values = DoubleStream.of(values).map(p -> 0.49 * (p + 1) + 0.01).toArray();
    }
    var pred = trip.pass().watch(trip.tensor(trip.subject().shape("in.pred"), values));
    var loss = LOSSES.get(name).apply(trip, pred);
    trip.judge().output("exp." + name + ".value", loss.doubles());
    if (trip.pass().training()) {
      trip.pass().backward(loss);
      double factor = slope;
      var gradient = DoubleStream.of(trip.pass().gradient(pred).doubles()).map(d -> factor * d);
      trip.judge().output("exp." + name + ".grad", gradient.toArray());
    }
  }
}
