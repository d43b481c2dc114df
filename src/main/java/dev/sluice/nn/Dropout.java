package dev.sluice.nn;

import dev.sluice.Tensor;

/**
 * x: [...] to y: [...]: in training every element is zero with probability p and otherwise divided
 * by 1 - p (Srivastava 2014, inverted); in inference y is x. The mask is fixed by the seed of the
 * pass, the number of the call within the pass and the element's index, and is the same in float32
 * and float64 and on every engine.
 *
 * @param p 0 to 1; 1 gives zeros
 */
public record Dropout(double p) {
  /** Checks the probability. */
  public Dropout {
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException("dropout: expected p in 0 to 1, got " + p);
    }
  }

  /**
   * Drops.
   *
   * @param pass holds what is computed; a training pass needs a seed unless p is 0
   * @param x [...]
   * @return y [...], x itself where nothing is dropped
   */
  public Tensor forward(Pass pass, Tensor x) {
    if (!pass.training() || p == 0) {
      return x;
    }
    long seed = pass.seed("dropout");
    // Words of 32 bits, since a double holds no 64.
    var scalars = new double[] {p, seed & 0xffffffffL, seed >>> 32, pass.nextCall()};
    var y = pass.watch(pass.empty(x.type(), x.shape()));
    var backend = pass.device().backend();
    backend.kernel("dropout").run(pass.stream(), scalars, x, y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null && pass.wants(x)) {
            backend.kernel("dropout_backward").run(pass.stream(), scalars, dy, pass.gradient(x));
          }
        });
    return y;
  }
}
