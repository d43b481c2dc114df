package dev.sluice.cli.tasks;

import dev.sluice.data.Split;
import java.util.function.BiFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Classifiers that learn little; their accuracies on the test part. */
final class Baselines {
  private Baselines() {}

  /** {@return the accuracy of the class most frequent in training} */
  static double majority(Labelled data) {
    var counts = new int[data.classes().size()];
    for (int i = 0; i < data.count(Split.TRAIN); i++) {
      counts[data.label(Split.TRAIN, i)]++;
    }
    int most =
        IntStream.range(0, counts.length).reduce((a, b) -> counts[b] > counts[a] ? b : a).orElse(0);
    return accuracy(data, i -> most);
  }

  /**
   * {@return the accuracy of the class whose mean in training is nearest}
   *
   * @param features makes as many numbers of every example
   */
  static double nearestMean(Labelled data, BiFunction<Split, Integer, float[]> features) {
    int size = features.apply(Split.TRAIN, 0).length;
    var means = new double[data.classes().size()][size];
    var counts = new int[means.length];
    for (int i = 0; i < data.count(Split.TRAIN); i++) {
      float[] x = features.apply(Split.TRAIN, i);
      int label = data.label(Split.TRAIN, i);
      counts[label]++;
      for (int j = 0; j < size; j++) {
        means[label][j] += x[j];
      }
    }
    for (int c = 0; c < means.length; c++) {
      for (int j = 0; j < size; j++) {
        means[c][j] /= Math.max(1, counts[c]);
      }
    }
    return accuracy(data, i -> nearest(means, features.apply(Split.TEST, i)));
  }

  private static int nearest(double[][] means, float[] x) {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int c = 0; c < means.length; c++) {
      double distance = 0;
      for (int j = 0; j < x.length; j++) {
        distance += (x[j] - means[c][j]) * (x[j] - means[c][j]);
      }
      if (distance < least) {
        least = distance;
        best = c;
      }
    }
    return best;
  }

  static double accuracy(Labelled data, IntUnaryOperator guess) {
    int count = data.count(Split.TEST);
    return IntStream.range(0, count)
            .filter(i -> guess.applyAsInt(i) == data.label(Split.TEST, i))
            .count()
        / (double) count;
  }
}
