package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * frames: [T, N, H, W, C] to the next ones: [T - 1, N, H/p, W/p, p p C], in patches: a model that
 * predicts every frame from those before, the first ones included, and is trained with scheduled
 * sampling.
 *
 * <p>What a step reads: with reverse scheduled sampling, at t = 0 the frame, then {@code M[t - 1]
 * x_t + (1 - M[t - 1]) y_{t-1}}; without, the frame for t below {@code seen}, then {@code M[t -
 * seen] x_t + (1 - M[t - seen]) y_{t-1}}. Gradients flow through the predictions fed back.
 *
 * @param <O> what a trip gives
 */
public abstract sealed class SampledForecaster<O> implements FrameForecaster
    permits PredRnn, PredRnnPlusPlus {
  final DType type;
  private final FrameSampling sampling;
  private final int channels;
  private final Patch patch;
  private final List<Parameter> parameters = new ArrayList<>();

  SampledForecaster(FrameSampling sampling, int channels, int patch, DType type) {
    this.sampling = sampling;
    this.channels = channels;
    this.patch = new Patch(patch);
    this.type = type;
  }

  /** Refuses sizes that make no model. */
  static void check(String model, int channels, List<Integer> hidden, int patch) {
    if (channels < 1 || hidden.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: expected channels >= 1 and at least one layer, got %d and %s"
              .formatted(model, channels, hidden));
    }
    if (hidden.stream().distinct().count() > 1) {
      throw new IllegalArgumentException(
          model
              + ": expected as many channels in every layer, since the memory passes through all,"
              + " got "
              + hidden);
    }
    new Patch(patch);
  }

  /** The layer, whose parameters are the model's, after its name. */
  final <L extends Layer> L within(String name, L layer) {
    layer.parameters().forEach(p -> parameters.add(p.within(name)));
    return layer;
  }

  /** A 1x1 convolution without a bias. */
  final Convolve pointwise(
      String name, int outputs, int inputs, Weights weights, DeviceArena arena) {
    var shape = Shape.of(outputs, inputs, 1, 1);
    var init = Init.uniform(NormedConv.bound(shape));
    var weight = Parameter.take(weights, name, shape, init, type, arena);
    parameters.add(weight);
    return new Convolve(weight, null);
  }

  @Override
  public final List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Runs all steps.
   *
   * @param x [T', N, H/p, W/p, p p C] the frames that there are, in patches
   * @param total T
   */
  abstract O steps(Pass pass, Tensor x, int total, FrameSampling.Reading reading);

  /** [T - 1, N, H/p, W/p, p p C]: the predictions. */
  abstract Tensor predictions(O output);

  /** [1]: what is learned from, given the loss of the predictions. */
  abstract Tensor whole(Pass pass, Tensor loss, O output);

  /**
   * Predicts every frame from those before.
   *
   * @param pass holds what is computed
   * @param frames [T, N, H, W, C]
   * @param seen how many frames are given, 1 to T - 1
   * @param mask [N, maskLength] 1 where a frame is read, 0 where its prediction is
   * @return the predictions of frames 1 to T - 1 and the states
   */
  public final O forward(Pass pass, Tensor frames, int seen, float[] mask) {
    check(frames);
    var x = patch.split(pass, frames);
    int total = frames.shape().size(0);
    var reading = sampling.masked(frames.shape().size(1), total, seen, mask);
    return pass.together(() -> steps(pass, x, total, reading));
  }

  @Override
  public final Tensor forward(Pass pass, Tensor frames, int ahead) {
    check(frames);
    if (ahead < 1) {
      throw new IllegalArgumentException(
          sampling.model() + ": expected at least 1 frame ahead, got " + ahead);
    }
    int seen = frames.shape().size(0);
    var x = patch.split(pass, frames);
    var output = pass.together(() -> steps(pass, x, seen + ahead, FrameSampling.fedBack()));
    return patch.join(pass, predictions(output).slice(seen - 1L, seen + ahead - 1L));
  }

  /**
   * {@return [1]: the loss of all T - 1 predictions, those of frames seen too; after the frames
   * seen the model reads its own predictions}
   *
   * @param pass holds what is computed
   * @param clip [T, N, H, W, C]
   * @param seen how many frames are given, 1 to T - 1
   * @param criterion compares predictions and frames, both in patches
   */
  @Override
  public final Tensor loss(Pass pass, Tensor clip, int seen, Criterion criterion) {
    check(clip);
    var mask = sampling.testMask(clip.shape().size(1), clip.shape().size(0), seen);
    return loss(pass, clip, seen, mask, criterion);
  }

  /**
   * {@return [1]: as the other, with scheduled sampling}
   *
   * @param pass holds what is computed
   * @param clip [T, N, H, W, C]
   * @param seen how many frames are given, 1 to T - 1
   * @param mask [N, maskLength] 1 where a frame is read, 0 where its prediction is
   * @param criterion compares predictions and frames, both in patches
   */
  public final Tensor loss(Pass pass, Tensor clip, int seen, float[] mask, Criterion criterion) {
    var output = forward(pass, clip, seen, mask);
    var target = patch.split(pass, clip).slice(1, clip.shape().dim(0));
    return whole(pass, criterion.of(pass, predictions(output), target), output);
  }

  private void check(Tensor frames) {
    Shapes.check(
        sampling.model() + ": frames",
        frames,
        type,
        "T, N, H, W, C",
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        Shapes.ANY,
        channels);
  }
}
