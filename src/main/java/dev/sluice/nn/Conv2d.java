package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * x: [..., H, W, C] to y: [..., H, W, K]: {@code y = w * x + b}, a cross-correlation with stride 1
 * and zero padding that keeps the frame's size. Parameters: {@code weight [K, C, kh, kw]}, {@code
 * bias [K]}, drawn from U(-1/sqrt(C kh kw), 1/sqrt(C kh kw)) as in PyTorch.
 */
public final class Conv2d implements Layer {
  private final int inputs;
  private final int outputs;
  private final int kernelHeight;
  private final int kernelWidth;
  private final DType type;
  private final List<Parameter> parameters = new ArrayList<>();
  private final Packed packed;

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
    this(
        inputs,
        outputs,
        kernel,
        kernel,
        Init.uniform(bound(inputs, kernel, kernel)),
        DType.FLOAT32,
        weights,
        arena);
  }

  /**
   * Any convolution with a bias.
   *
   * @param inputs C
   * @param outputs K
   * @param kernelHeight kh, odd
   * @param kernelWidth kw, odd
   * @param bias how the bias starts where the weights are random
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Conv2d(
      int inputs,
      int outputs,
      int kernelHeight,
      int kernelWidth,
      Init bias,
      DType type,
      Weights weights,
      DeviceArena arena) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.kernelHeight = kernelHeight;
    this.kernelWidth = kernelWidth;
    this.type = type;
    spec(1, 1, 1);
    var init = Init.uniform(bound(inputs, kernelHeight, kernelWidth));
    var shape = Shape.of(outputs, inputs, kernelHeight, kernelWidth);
    parameters.add(Parameter.take(weights, "weight", shape, init, type, arena));
    parameters.add(Parameter.take(weights, "bias", Shape.of(outputs), bias, type, arena));
    this.packed = new Packed(parameters, arena);
  }

  private static double bound(int inputs, int kernelHeight, int kernelWidth) {
    return 1 / Math.sqrt((double) inputs * kernelHeight * kernelWidth);
  }

  private ConvSpec spec(long batch, long height, long width) {
    return new ConvSpec(
        type,
        Math.toIntExact(batch),
        Math.toIntExact(height),
        Math.toIntExact(width),
        inputs,
        outputs,
        kernelHeight,
        kernelWidth,
        true);
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /**
   * Convolves frames.
   *
   * @param pass holds what is computed
   * @param x [..., H, W, C]
   * @return y [..., H, W, K]
   */
  public Tensor forward(Pass pass, Tensor x) {
    var dims = x.shape().dims();
    int rank = dims.length;
    if (rank < 3 || dims[rank - 1] != inputs || x.type() != type || x.shape().elements() == 0) {
      throw new IllegalArgumentException(
          "conv2d: x: expected " + type + " [..., H, W, " + inputs + "], got " + x);
    }
    long height = dims[rank - 3];
    long width = dims[rank - 2];
    long batch = x.shape().elements() / (height * width * inputs);
    dims[rank - 1] = outputs;
    var y = pass.watch(pass.empty(type, Shape.of(dims)));
    var plan = pass.device().backend().convolution(spec(batch, height, width));
    var weights = packed.of(plan, pass.stream());
    var in = Shape.of(batch, height, width, inputs);
    var out = Shape.of(batch, height, width, outputs);
    plan.forward(pass.stream(), weights, x.reshape(in), y.reshape(out), false);
    pass.record(() -> backward(pass, plan, weights, x, y, in, out));
    return y;
  }

  private void backward(
      Pass pass, ConvPlan plan, Tensor weights, Tensor x, Tensor y, Shape in, Shape out) {
    var arrived = pass.arrived(y);
    if (arrived == null) {
      return;
    }
    var dy = arrived.reshape(out);
    plan.backwardWeights(
        pass.stream(),
        x.reshape(in),
        dy,
        parameters.get(0).gradient(),
        parameters.get(1).gradient());
    if (pass.wants(x)) {
      plan.backwardData(pass.stream(), weights, dy, pass.gradient(x).reshape(in));
    }
  }

  @Override
  public String toString() {
    return "Conv2d" + Arrays.asList(inputs, outputs, kernelHeight, kernelWidth);
  }
}
