package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;

/**
 * A named tensor that training changes, and its gradient. Names are PyTorch's. The gradient is made
 * when it is first asked for, so that inference does not pay for it.
 */
public final class Parameter {
  private final String name;
  private final Tensor value;
  private Tensor gradient;
  private volatile long version;

  Parameter(String name, Tensor value) {
    this.name = name;
    this.value = value;
  }

  /** A parameter filled from weights, or by its initialiser where the weights are random. */
  static Parameter take(
      Weights weights, String name, Shape shape, Init init, DType type, DeviceArena arena) {
    var tensor = arena.empty(type, shape);
    if (type == DType.FLOAT64) {
      tensor.set(weights.takeDoubles(name, shape, init));
    } else {
      tensor.set(weights.take(name, shape, init));
    }
    return new Parameter(name, tensor);
  }

  /** This parameter under a name of the whole that its layer is part of. */
  Parameter within(String prefix) {
    return new Parameter(prefix + "." + name, value);
  }

  /** {@return the name within its model} */
  public String name() {
    return name;
  }

  /** {@return the numbers} */
  public Tensor value() {
    return value;
  }

  /** {@return the gradient, zero until a pass adds to it; of the value's shape} */
  public synchronized Tensor gradient() {
    if (gradient == null) {
      gradient = value.arena().zeros(value.type(), value.shape());
    }
    return gradient;
  }

  /** {@return a number that grows whenever the value was changed} */
  public long version() {
    return version;
  }

  /** Says that the value was changed, so that packed copies of it are out of date. */
  public synchronized void changed() {
    version = version + 1;
  }
}
