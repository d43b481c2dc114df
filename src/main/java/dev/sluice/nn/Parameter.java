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
  private final State state;

  /** What changes, and is one for all names and parts of a parameter. */
  private static final class State {
    Tensor gradient;
    volatile long version;
  }

  /**
   * A parameter of a layer of one's own.
   *
   * @param name unique within the layer
   * @param value the numbers; lives as long as the parameter
   */
  public Parameter(String name, Tensor value) {
    this(name, value, new State());
  }

  private Parameter(String name, Tensor value, State state) {
    this.name = name;
    this.value = value;
    this.state = state;
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
    return new Parameter(prefix + "." + name, value, state);
  }

  /** Some rows of this parameter, as if they were one of their own. */
  Parameter rows(int from, int to) {
    return new Parameter(name, value.slice(from, to), state);
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
  public Tensor gradient() {
    synchronized (state) {
      if (state.gradient == null) {
        var whole = value.base();
        state.gradient = whole.arena().zeros(whole.type(), whole.shape());
      }
      return value.viewOf(state.gradient);
    }
  }

  /** {@return a number that grows whenever the value was changed} */
  public long version() {
    return state.version;
  }

  /** Says that the value was changed, so that packed copies of it are out of date. */
  public void changed() {
    synchronized (state) {
      state.version = state.version + 1;
    }
  }
}
