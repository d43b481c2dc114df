package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.List;

/**
 * x: [..., H, W, C] to y: [..., H, W, K]: {@code y = w * x + b}, a cross-correlation with stride 1
 * and zero padding that keeps the frame's size. Parameters: {@code weight [K, C, kh, kw]}, {@code
 * bias [K]}, drawn from U(-1/sqrt(C kh kw), 1/sqrt(C kh kw)) as in PyTorch.
 */
public final class Conv2d implements Layer {
  private final Config config;
  private final DType type;
  private final Parameter weight;
  private final Parameter bias;
  private final Convolve convolve;

  /**
   * What the convolution is.
   *
   * @param inputs C
   * @param outputs K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param bias how the bias starts where the weights are random, or null for no bias
   */
  public record Config(int inputs, int outputs, int kernelHeight, int kernelWidth, Init bias) {
    /** Checks the sizes, as the plans would. */
    public Config {
      new ConvSpec(DType.FLOAT32, 1, 1, 1, inputs, outputs, kernelHeight, kernelWidth, false);
    }

    /**
     * {@return a square kernel with PyTorch's bias}
     *
     * @param inputs C
     * @param outputs K
     * @param kernel kh and kw, odd
     */
    public static Config square(int inputs, int outputs, int kernel) {
      var checked = new Config(inputs, outputs, kernel, kernel, null);
      return new Config(inputs, outputs, kernel, kernel, uniform(checked.inputs, kernel, kernel));
    }

    /** {@return this without a bias} */
    public Config withoutBias() {
      return new Config(inputs, outputs, kernelHeight, kernelWidth, null);
    }

    private static Init uniform(int inputs, int kernelHeight, int kernelWidth) {
      return Init.uniform(1 / Math.sqrt((double) inputs * kernelHeight * kernelWidth));
    }
  }

  /**
   * A float32 convolution with a square kernel and a bias.
   *
   * @param inputs C
   * @param outputs K
   * @param kernel kh and kw, odd
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Conv2d(int inputs, int outputs, int kernel, Weights weights, DeviceArena arena) {
    this(Config.square(inputs, outputs, kernel), DType.FLOAT32, weights, arena);
  }

  /**
   * Any convolution.
   *
   * @param config what it is
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Conv2d(Config config, DType type, Weights weights, DeviceArena arena) {
    this.config = config;
    this.type = type;
    var shape = Shape.of(config.outputs, config.inputs, config.kernelHeight, config.kernelWidth);
    var init = Config.uniform(config.inputs, config.kernelHeight, config.kernelWidth);
    weight = Parameter.take(weights, "weight", shape, init, type, arena);
    bias =
        config.bias == null
            ? null
            : Parameter.take(weights, "bias", Shape.of(config.outputs), config.bias, type, arena);
    convolve = new Convolve(weight, bias);
  }

  @Override
  public List<Parameter> parameters() {
    return bias == null ? List.of(weight) : List.of(weight, bias);
  }

  /**
   * Convolves frames.
   *
   * @param pass holds what is computed
   * @param x [..., H, W, C]
   * @return y [..., H, W, K]
   */
  public Tensor forward(Pass pass, Tensor x) {
    return convolve.of(pass, checked(x));
  }

  /**
   * Adds the convolution of frames to what is there.
   *
   * @param pass holds what is computed
   * @param x [..., H, W, C]
   * @param y [..., H, W, K], made by this pass
   */
  void addTo(Pass pass, Tensor x, Tensor y) {
    convolve.addTo(pass, checked(x), y);
  }

  private Tensor checked(Tensor x) {
    var shape = x.shape();
    if (shape.rank() < 3
        || shape.dim(-1) != config.inputs
        || x.type() != type
        || shape.elements() == 0) {
      throw new IllegalArgumentException(
          "conv2d: x: expected " + type + " [..., H, W, " + config.inputs + "], got " + x);
    }
    return x;
  }
}
