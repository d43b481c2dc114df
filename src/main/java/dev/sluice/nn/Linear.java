package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.Product;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.List;

/**
 * x: [..., C] to y: [..., K]: {@code y = x W^T + b}. Parameters: {@code weight [K, C]}, {@code bias
 * [K]}, drawn from U(-1/sqrt(C), 1/sqrt(C)) as in PyTorch.
 */
public final class Linear implements Layer {
  private final int inputs;
  private final int outputs;
  private final DType type;
  private final Parameter weight;
  private final Parameter bias;

  /**
   * A float32 layer.
   *
   * @param inputs C
   * @param outputs K
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Linear(int inputs, int outputs, Weights weights, DeviceArena arena) {
    this(inputs, outputs, DType.FLOAT32, weights, arena);
  }

  /**
   * A layer of another type.
   *
   * @param inputs C
   * @param outputs K
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Linear(int inputs, int outputs, DType type, Weights weights, DeviceArena arena) {
    this(inputs, outputs, pytorch(inputs), pytorch(inputs), type, weights, arena);
  }

  /** A layer that begins in another way. */
  Linear(
      int inputs,
      int outputs,
      Init forWeight,
      Init forBias,
      DType type,
      Weights weights,
      DeviceArena arena) {
    if (inputs < 1 || outputs < 1) {
      throw new IllegalArgumentException(
          "linear: expected sizes >= 1, got C " + inputs + ", K " + outputs);
    }
    this.inputs = inputs;
    this.outputs = outputs;
    this.type = type;
    weight = Parameter.take(weights, "weight", Shape.of(outputs, inputs), forWeight, type, arena);
    bias = Parameter.take(weights, "bias", Shape.of(outputs), forBias, type, arena);
  }

  private static Init pytorch(int inputs) {
    // At least 1, so that a wrong size is told by its own sentence.
    return Init.uniform(1 / Math.sqrt(Math.max(inputs, 1)));
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  /**
   * Maps the innermost axis.
   *
   * @param pass holds what is computed
   * @param x [..., C]
   * @return y [..., K]
   */
  public Tensor forward(Pass pass, Tensor x) {
    var dims = x.shape().dims();
    if (dims.length < 1 || dims[dims.length - 1] != inputs || x.type() != type) {
      throw new IllegalArgumentException(
          "linear: x: expected " + type + " [..., " + inputs + "], got " + x);
    }
    long rows = x.shape().elements() / inputs;
    dims[dims.length - 1] = outputs;
    var y = pass.watch(pass.empty(type, Shape.of(dims)));
    var backend = pass.device().backend();
    backend.multiply(
        pass.stream(), new Product(rows, outputs, inputs, false, true, 0), x, weight.value(), y);
    backend.kernel("add_bias").run(pass.stream(), new double[0], bias.value(), y);
    pass.record(() -> backward(pass, x, y, rows));
    return y;
  }

  private void backward(Pass pass, Tensor x, Tensor y, long rows) {
    var dy = pass.arrived(y);
    if (dy == null) {
      return;
    }
    var backend = pass.device().backend();
    backend.multiply(
        pass.stream(),
        new Product(outputs, inputs, rows, true, false, 1),
        dy,
        x,
        weight.gradient());
    backend.kernel("column_sums").run(pass.stream(), new double[0], dy, bias.gradient());
    if (pass.wants(x)) {
      backend.multiply(
          pass.stream(),
          new Product(rows, inputs, outputs, false, false, 1),
          dy,
          weight.value(),
          pass.gradient(x));
    }
  }
}
