package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Backend;
import dev.sluice.spi.Packing;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.List;

/**
 * x: [..., H, W, C] to y of the same shape: {@code y = gamma (x - mean) / sqrt(variance + eps) +
 * beta}, mean and variance (the biased one) over all of a frame, channels, height and width
 * together, {@code eps = 1e-5} (Ba 2016, equation 4; PyTorch's {@code LayerNorm([C, H, W])}).
 * Parameters: {@code weight} (gamma) and {@code bias} (beta), [C, H, W] each, so that the frame's
 * size is fixed.
 *
 * <pre>{@code
 * try (var device = Device.best();
 *     var arena = device.arena();
 *     var pass = Pass.inference(device)) {
 *   var norm = new LayerNorm(3, 13, 9, DType.FLOAT32, Weights.random(1), arena);
 *   var y = norm.forward(pass, pass.zeros(DType.FLOAT32, Shape.of(2, 13, 9, 3)));
 * }
 * }</pre>
 */
public final class LayerNorm implements Layer {
  private static final double EPSILON = 1e-5;

  private final int channels;
  private final int height;
  private final int width;
  private final DType type;
  private final Parameter weight;
  private final Parameter bias;
  private final Packed packed;

  /**
   * A layer.
   *
   * @param channels C
   * @param height H
   * @param width W
   * @param type of its tensors
   * @param weights where its numbers come from; where they are random, gamma is 1 and beta 0
   * @param arena where they live
   */
  public LayerNorm(
      int channels, int height, int width, DType type, Weights weights, DeviceArena arena) {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "layer norm: expected sizes >= 1, got C %d, H %d, W %d"
              .formatted(channels, height, width));
    }
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.type = type;
    var shape = Shape.of(channels, height, width);
    weight = Parameter.take(weights, "weight", shape, Init.constant(1), type, arena);
    bias = Parameter.take(weights, "bias", shape, Init.zeros(), type, arena);
    packed = new Packed(parameters(), arena);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  /**
   * Normalises frames.
   *
   * @param pass holds what is computed
   * @param x [..., H, W, C]
   * @return y, of x's shape
   */
  public Tensor forward(Pass pass, Tensor x) {
    return run(pass, checked(x), pass.empty(type, x.shape()), pass.watch(like(pass, x)));
  }

  /** As {@link #forward}, the values of x lost and the gradients of x and y in their places. */
  Tensor inPlace(Pass pass, Tensor x) {
    return run(pass, checked(x), x, pass.watchInPlace(like(pass, x)));
  }

  /** As {@link #inPlace}, into one tensor for all calls of a pass with equal keys. */
  Tensor inTurns(Pass pass, Tensor x, Object key) {
    var y = pass.once(key, home -> like(home, x));
    return run(pass, checked(x), x, pass.watchInPlace(y));
  }

  private Tensor like(Pass pass, Tensor x) {
    return pass.empty(type, x.shape());
  }

  private Tensor checked(Tensor x) {
    var shape = x.shape();
    if (shape.rank() < 3
        || shape.dim(-3) != height
        || shape.dim(-2) != width
        || shape.dim(-1) != channels
        || x.type() != type
        || shape.elements() == 0) {
      throw new IllegalArgumentException(
          "layer norm: x: expected %s [..., %d, %d, %d], the frame it was made for, got %s"
              .formatted(type, height, width, channels, x));
    }
    return x;
  }

  private Tensor run(Pass pass, Tensor x, Tensor normal, Tensor y) {
    var backend = pass.device().backend();
    var affine = packed.of(new ChannelsLast(backend, type, channels, height * width), pass);
    long area = (long) channels * height * width;
    var gamma = affine.slice(0, area);
    var beta = affine.slice(area, 2 * area);
    var scale = pass.empty(type, Shape.of(x.shape().elements() / area));
    kernel(pass, "layer_norm", new double[] {EPSILON}, x, gamma, beta, normal, scale, y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null) {
            double add = x == normal ? 0 : 1;
            var dx = x == normal ? x : pass.gradientOrNull(x);
            var dgamma = weight.gradient();
            var dbeta = bias.gradient();
            var scalars = new double[] {channels, add};
            kernel(
                pass, "layer_norm_backward", scalars, normal, gamma, scale, dy, dx, dgamma, dbeta);
          }
        });
    return y;
  }

  private static void kernel(Pass pass, String name, double[] scalars, Tensor... tensors) {
    pass.device().backend().kernel(name).run(pass.stream(), scalars, tensors);
  }

  /** Gamma and beta, [H, W, C] each, one behind the other. */
  private record ChannelsLast(Backend backend, DType type, int channels, int area)
      implements Packing {
    @Override
    public long packedBytes() {
      return 2L * channels * area * type.bytes();
    }

    @Override
    public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
      long size = (long) channels * area;
      var scalars = new double[] {1, 0, channels, area};
      for (int i = 0; i < 2; i++) {
        backend
            .kernel("permute")
            .run(stream, scalars, weights.get(i), packed.slice(i * size, (i + 1) * size));
      }
    }
  }
}
