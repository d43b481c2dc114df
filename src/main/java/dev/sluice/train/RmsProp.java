package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import java.util.List;

/**
 * RMSprop (Tieleman and Hinton 2012) as in PyTorch: {@code v = a v + (1 - a) g^2}, {@code d = g /
 * (sqrt(v) + eps)}, {@code w -= rate d}; centred, {@code v} less the square of the mean gradient;
 * with momentum {@code b = momentum b + d}, {@code w -= rate b}.
 */
public final class RmsProp extends ParameterSteps {
  private final Options options;
  private final List<Tensor> squares;
  private final List<Tensor> means;
  private final List<Tensor> buffers;

  /**
   * The numbers that are seldom changed.
   *
   * @param decay a, of the mean square
   * @param epsilon added to the root
   * @param epsilonInside whether epsilon is added under the root, as in Keras
   * @param l2 added to the gradient, times the weight
   * @param momentum share of the last step that goes on, 0 for none
   * @param centred whether the variance stands for the mean square
   */
  public record Options(
      double decay,
      double epsilon,
      boolean epsilonInside,
      double l2,
      double momentum,
      boolean centred) {
    /** The defaults of PyTorch. */
    public static final Options DEFAULT = new Options(0.99, 1e-8, false, 0, 0, false);

    /** The defaults of Keras. */
    public static final Options KERAS = new Options(0.9, 1e-7, true, 0, 0, false);

    /** Checks the numbers. */
    public Options {
      if (!(decay >= 0 && decay < 1 && momentum >= 0 && momentum < 1 && epsilon >= 0)) {
        throw new IllegalArgumentException(
            "rmsprop: expected a decay and a momentum of 0 to below 1 and an epsilon >= 0, got "
                + decay
                + ", "
                + momentum
                + ", "
                + epsilon);
      }
    }
  }

  /**
   * RMSprop with PyTorch's defaults.
   *
   * @param parameters to change
   * @param rate the learning rate
   * @param arena where the moments live
   */
  public RmsProp(List<Parameter> parameters, double rate, DeviceArena arena) {
    this(parameters, rate, Options.DEFAULT, arena);
  }

  /**
   * RMSprop.
   *
   * @param parameters to change
   * @param rate the learning rate
   * @param options the other numbers
   * @param arena where the moments live
   */
  public RmsProp(List<Parameter> parameters, double rate, Options options, DeviceArena arena) {
    super("rmsprop", parameters, rate, arena);
    this.options = options;
    squares = keep("square_avg", true);
    means = keep("grad_avg", options.centred);
    buffers = keep("momentum_buffer", options.momentum > 0);
  }

  @Override
  double[] scalars() {
    return new double[] {
      rate(),
      options.decay,
      options.epsilon,
      options.epsilonInside ? 1 : 0,
      options.l2,
      options.momentum
    };
  }

  @Override
  Tensor[] beside(int i) {
    return new Tensor[] {squares.get(i), means.get(i), buffers.get(i)};
  }
}
