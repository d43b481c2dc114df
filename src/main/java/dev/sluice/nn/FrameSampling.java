package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.stream.IntStream;

/**
 * What each step reads of a model that predicts every frame from those before: the frame, its own
 * prediction of it, or for each sample one of both by a mask. With reverse scheduled sampling, at t
 * = 0 the frame, then {@code M[t - 1] x_t + (1 - M[t - 1]) y_{t-1}}; without, the frame for t below
 * {@code seen}, then {@code M[t - seen] x_t + (1 - M[t - seen]) y_{t-1}}.
 *
 * @param model for messages
 * @param reverse whether the mask begins with the second frame
 */
record FrameSampling(String model, boolean reverse) {
  /** What a step reads. */
  interface Reading {
    /**
     * {@return what step t reads}
     *
     * @param x the frame, or null where there is none
     * @param made the prediction of the step before
     */
    Tensor at(Pass pass, int t, Tensor x, Tensor made);
  }

  /** Refuses a clip in which nothing is seen or nothing is left to predict. */
  static void requireSeen(String model, int seen, int total) {
    if (seen < 1 || seen >= total) {
      throw new IllegalArgumentException(
          "%s: expected 1 <= seen < T, got %d of %d frames".formatted(model, seen, total));
    }
  }

  int maskLength(int total, int seen) {
    requireSeen(model, seen, total);
    return reverse ? total - 2 : total - seen - 1;
  }

  float[] testMask(int batch, int total, int seen) {
    int length = maskLength(total, seen);
    var mask = new float[batch * length];
    for (int i = 0; reverse && i < mask.length; i++) {
      mask[i] = i % length < seen - 1 ? 1 : 0;
    }
    return mask;
  }

  /** The frames that there are, then predictions. */
  static Reading fedBack() {
    return (_, _, x, made) -> x == null ? made : x;
  }

  /**
   * What a mask says.
   *
   * @param batch N
   * @param total T
   * @param mask [N, {@link #maskLength}]
   */
  Reading masked(int batch, int total, int seen, float[] mask) {
    int length = maskLength(total, seen);
    if (mask.length != batch * length) {
      throw new IllegalArgumentException(
          "%s: mask: expected [%d, %d] ([N, entries]), got %d numbers"
              .formatted(model, batch, length, mask.length));
    }
    int first = reverse ? 1 : seen;
    var columns = new float[length][batch];
    for (int i = 0; i < mask.length; i++) {
      columns[i % length][i / length] = mask[i];
    }
    return (pass, t, x, made) -> t < first ? x : mixed(pass, columns[t - first], x, made);
  }

  private static Tensor mixed(Pass pass, float[] mask, Tensor x, Tensor made) {
    if (all(mask, 1)) {
      return x;
    }
    if (all(mask, 0)) {
      return made;
    }
    var none = new double[0];
    var backend = pass.device().backend();
    var weights = pass.empty(x.type(), Shape.of(mask.length)).set(mask);
    var y = pass.watch(pass.empty(x.type(), x.shape()));
    backend.kernel("sampling_mix").run(pass.stream(), none, weights, x, made, y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null) {
            var dx = pass.gradientOrNull(x);
            backend
                .kernel("sampling_mix_backward")
                .run(pass.stream(), none, weights, dy, dx, pass.gradient(made));
          }
        });
    return y;
  }

  private static boolean all(float[] mask, float value) {
    return IntStream.range(0, mask.length).allMatch(i -> mask[i] == value);
  }
}
