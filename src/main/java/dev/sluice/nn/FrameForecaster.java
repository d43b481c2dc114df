package dev.sluice.nn;

import dev.sluice.Tensor;

/**
 * frames: [T, N, H, W, C] to the ones that follow, [A, N, H, W, C]: what every model of frames can
 * do, and how it wants to be trained.
 *
 * <pre>{@code
 * trainer.step(
 *     pass -> {
 *       var clip = pass.tensor(Shape.of(20, 8, 64, 64, 1), frames);
 *       return model.loss(pass, clip, 10, Loss.mse()::of);
 *     });
 * }</pre>
 */
public interface FrameForecaster extends Layer {
  /** A measure of predictions, {@code Loss.mse()::of} say. */
  @FunctionalInterface
  interface Criterion {
    /**
     * {@return [1]: a number that training makes small}
     *
     * @param pass holds what is computed
     * @param predicted [...]
     * @param target [...], the same shape
     */
    Tensor of(Pass pass, Tensor predicted, Tensor target);
  }

  /**
   * Predicts the frames that follow.
   *
   * @param pass holds what is computed
   * @param frames [T, N, H, W, C] what was seen
   * @param ahead A, how many frames to predict
   * @return [A, N, H, W, C]
   */
  Tensor forward(Pass pass, Tensor frames, int ahead);

  /**
   * {@return [1]: the loss that this model is trained with} Unless a model says otherwise, that of
   * the frames that it did not see.
   *
   * @param pass holds what is computed
   * @param clip [T, N, H, W, C] the frames seen, and after them those to predict
   * @param seen how many are seen, 1 to T - 1
   * @param criterion compares predictions and frames
   */
  default Tensor loss(Pass pass, Tensor clip, int seen, Criterion criterion) {
    int total = clip.shape().size(0);
    FrameSampling.requireSeen("loss", seen, total);
    var predicted = forward(pass, clip.slice(0, seen), total - seen);
    return criterion.of(pass, predicted, clip.slice(seen, total));
  }
}
