package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import java.util.List;

/**
 * Gradient descent as in PyTorch: {@code g += l2 w}; with momentum {@code b = g} at the first step
 * and {@code b = momentum b + (1 - dampening) g} from then on; {@code w -= rate b}, with Nesterov's
 * momentum {@code w -= rate (g + momentum b)}.
 */
public final class Sgd extends ParameterSteps {
  private final Options options;
  private final List<Tensor> buffers;

  /**
   * The numbers that are seldom changed.
   *
   * @param momentum share of the last step that goes on, 0 for none
   * @param dampening share of the gradient that does not come into the buffer
   * @param l2 added to the gradient, times the weight
   * @param nesterov whether the step looks ahead
   */
  public record Options(double momentum, double dampening, double l2, boolean nesterov) {
    /** No momentum. */
    public static final Options DEFAULT = new Options(0, 0, 0, false);

    /** Checks the numbers. */
    public Options {
      if (!(momentum >= 0 && momentum < 1)) {
        throw new IllegalArgumentException(
            "sgd: expected a momentum of 0 to below 1, got " + momentum);
      }
      if (nesterov && (momentum == 0 || dampening != 0)) {
        throw new IllegalArgumentException(
            "sgd: Nesterov: expected a momentum and no dampening, got "
                + momentum
                + " and "
                + dampening);
      }
    }
  }

  /**
   * Gradient descent without momentum.
   *
   * @param parameters to change
   * @param rate the learning rate
   * @param arena where buffers live
   */
  public Sgd(List<Parameter> parameters, double rate, DeviceArena arena) {
    this(parameters, rate, Options.DEFAULT, arena);
  }

  /**
   * Gradient descent.
   *
   * @param parameters to change
   * @param rate the learning rate
   * @param options the other numbers
   * @param arena where buffers live
   */
  public Sgd(List<Parameter> parameters, double rate, Options options, DeviceArena arena) {
    super("sgd", parameters, rate, arena);
    this.options = options;
    buffers = keep("momentum_buffer", options.momentum > 0);
  }

  @Override
  double[] scalars() {
    return new double[] {
      rate(),
      options.l2,
      options.momentum,
      options.dampening,
      options.nesterov ? 1 : 0,
      steps() == 1 ? 1 : 0
    };
  }

  @Override
  Tensor[] beside(int i) {
    return new Tensor[] {buffers.get(i)};
  }
}
