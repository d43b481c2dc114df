package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.List;

/**
 * x: [..., C] to y: [..., K]: {@code y = f(x W^T + b)}, as in Keras. Parameters: {@code weight [K,
 * C]} (Keras stores its transpose), Glorot uniform, {@code bias [K]}, zero; one {@link Linear} with
 * PyTorch's beginnings is the same function.
 */
public final class Dense implements Layer {
  private final Linear linear;
  private final Activation activation;

  /**
   * A layer.
   *
   * @param inputs C
   * @param outputs K
   * @param activation f, or null for none
   * @param type of its tensors
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Dense(
      int inputs,
      int outputs,
      Activation activation,
      DType type,
      Weights weights,
      DeviceArena arena) {
    var glorot = Init.xavierUniform(Math.max(inputs, 1), Math.max(outputs, 1));
    linear = new Linear(inputs, outputs, glorot, Init.zeros(), type, weights, arena);
    this.activation = activation;
  }

  @Override
  public List<Parameter> parameters() {
    return linear.parameters();
  }

  /**
   * Maps the innermost axis.
   *
   * @param pass holds what is computed
   * @param x [..., C]
   * @return y [..., K]
   */
  public Tensor forward(Pass pass, Tensor x) {
    var y = linear.forward(pass, x);
    return activation == null ? y : activation.of(pass, y);
  }
}
