package dev.sluice.cli.tasks;

import dev.sluice.data.LabelledText;
import dev.sluice.data.Split;

/** Words that are independent of each other, whatever their order (multinomial, add-one). */
final class NaiveBayes {
  private final LabelledText data;
  private final double[] classes;
  private final double[][] words;

  NaiveBayes(LabelledText data) {
    this.data = data;
    int k = data.classes().size();
    int v = data.vocabulary().size();
    classes = new double[k];
    words = new double[k][v];
    for (int i = 0; i < data.count(Split.TRAIN); i++) {
      int label = data.label(Split.TRAIN, i);
      classes[label]++;
      for (int token : data.vocabulary().tokens(data.text(Split.TRAIN, i))) {
        words[label][token]++;
      }
    }
    for (int c = 0; c < k; c++) {
      double all = v;
      for (double count : words[c]) {
        all += count;
      }
      for (int w = 0; w < v; w++) {
        words[c][w] = Math.log((words[c][w] + 1) / all);
      }
      classes[c] = Math.log((classes[c] + 1) / (data.count(Split.TRAIN) + k));
    }
  }

  /** The class of a test text. */
  int guess(int index) {
    int[] tokens = data.vocabulary().tokens(data.text(Split.TEST, index));
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes.length; c++) {
      double sum = classes[c];
      for (int token : tokens) {
        sum += words[c][token];
      }
      if (sum > most) {
        most = sum;
        best = c;
      }
    }
    return best;
  }
}
