package dev.sluice.cli.tasks;

import dev.sluice.Tensor;

/** What a classifier believes. */
final class Probabilities {
  private Probabilities() {}

  /** {@return [N][K]: softmax of logits [N, K]} */
  static float[][] of(Tensor logits) {
    int n = logits.shape().size(0);
    int k = logits.shape().size(1);
    float[] all = logits.floats();
    var rows = new float[n][k];
    for (int i = 0; i < n; i++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < k; j++) {
        most = Math.max(most, all[i * k + j]);
      }
      double sum = 0;
      for (int j = 0; j < k; j++) {
        sum += Math.exp(all[i * k + j] - most);
      }
      for (int j = 0; j < k; j++) {
        rows[i][j] = (float) (Math.exp(all[i * k + j] - most) / sum);
      }
    }
    return rows;
  }

  /** The most probable class, the first of equals. */
  static int best(float[] row) {
    int best = 0;
    for (int j = 1; j < row.length; j++) {
      if (row[j] > row[best]) {
        best = j;
      }
    }
    return best;
  }
}
