package dev.sluice.train;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Pass;
import java.util.Arrays;

/**
 * logits: [..., K] and labels: [...] to [1]: {@code -sum log softmax(logits)[label] / N}, over the
 * labels that are not ignored; N is how many those are for the mean, 1 for the sum.
 *
 * @param reduction mean or sum
 * @param ignored a label that counts for nothing, such as padding
 */
public record SoftmaxCrossEntropy(Reduction reduction, int ignored) {
  /** The label that PyTorch ignores. */
  public static final int IGNORED = -100;

  /** What is divided by. */
  public enum Reduction {
    /** The number of labels that are not ignored: not N, not T N. */
    MEAN,
    /** Nothing. */
    SUM
  }

  /** {@return the mean, -100 being ignored} */
  public static SoftmaxCrossEntropy mean() {
    return new SoftmaxCrossEntropy(Reduction.MEAN, IGNORED);
  }

  /** {@return the sum, -100 being ignored} */
  public static SoftmaxCrossEntropy sum() {
    return new SoftmaxCrossEntropy(Reduction.SUM, IGNORED);
  }

  /**
   * {@return [1]: the loss, recorded for the way back}
   *
   * @param pass holds what is computed
   * @param logits [..., K]
   * @param labels 0 to K - 1, or ignored; one for each row of K
   * @throws IllegalArgumentException naming the first label outside, or for the mean of none
   */
  public Tensor of(Pass pass, Tensor logits, int... labels) {
    int classes = logits.shape().size(-1);
    requireInside(logits, classes, labels);
    long counted = Arrays.stream(labels).filter(label -> label != ignored).count();
    if (counted == 0 && reduction == Reduction.MEAN) {
      throw new IllegalArgumentException(
          "cross entropy: labels: expected at least one that is not ignored (" + ignored + ")");
    }
    var scalars = new double[] {reduction == Reduction.MEAN ? 1.0 / counted : 1, ignored};
    var backend = pass.device().backend();
    var ids = pass.ints(labels);
    var loss = pass.watch(pass.empty(logits.type(), Shape.of(1)));
    backend.kernel("softmax_ce").run(pass.stream(), scalars, logits, ids, loss);
    pass.record(
        () -> {
          if (pass.arrived(loss) != null && pass.wants(logits)) {
            backend
                .kernel("softmax_ce_backward")
                .run(
                    pass.stream(),
                    scalars,
                    logits,
                    ids,
                    pass.gradient(loss),
                    pass.gradient(logits));
          }
        });
    return loss;
  }

  private void requireInside(Tensor logits, int classes, int[] labels) {
    if (labels.length * (long) classes != logits.shape().elements()) {
      throw new IllegalArgumentException(
          "cross entropy: labels: expected one for each row of "
              + logits.shape()
              + ", got "
              + labels.length);
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != ignored && (labels[i] < 0 || labels[i] >= classes)) {
        throw new IllegalArgumentException(
            "cross entropy: labels: expected 0 to %d, or %d to be ignored, got %d at %d"
                .formatted(classes - 1, ignored, labels[i], i));
      }
    }
  }
}
