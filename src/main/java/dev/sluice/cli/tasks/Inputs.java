package dev.sluice.cli.tasks;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.data.SequenceBatch;
import dev.sluice.data.TokenBatch;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Sequential;

/**
 * Sequences side by side, of numbers or of tokens.
 *
 * @param shape [T, N, C] or [T, N]
 * @param x the numbers, or null
 * @param tokens or null
 * @param lengths of the N sequences
 */
record Inputs(Shape shape, float[] x, int[] tokens, int[] lengths) {
  static Inputs of(SequenceBatch batch) {
    return new Inputs(batch.shape(), batch.x(), null, batch.lengths());
  }

  static Inputs of(TokenBatch batch) {
    var shape = Shape.of(batch.steps(), batch.lengths().length);
    return new Inputs(shape, null, batch.tokens(), batch.lengths());
  }

  /** {@return [N, K]: what a model makes of them} */
  Tensor through(Sequential model, Pass pass) {
    return tokens == null
        ? model.forward(pass, pass.tensor(shape, x), lengths)
        : model.forward(pass, shape, tokens, lengths);
  }
}
