package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import java.util.List;

/**
 * Adam (Kingma and Ba 2015): {@code m = b1 m + (1 - b1) g}, {@code v = b2 v + (1 - b2) g^2}, {@code
 * w -= rate / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps)}, as in PyTorch: epsilon outside of
 * the root. Also AdamW (Loshchilov and Hutter 2019), AMSGrad (Reddi 2018), and the epsilon of
 * Keras.
 */
public final class Adam extends ParameterSteps {
  private final Options options;
  private final List<Tensor> first;
  private final List<Tensor> second;
  private final List<Tensor> largest;

  /**
   * The numbers that are seldom changed.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second
   * @param epsilon added to the root
   * @param l2 added to the gradient, times the weight
   * @param decay the weight loses rate times this share of itself before the step (AdamW)
   * @param amsgrad whether the largest v so far stands for v
   * @param epsilonHat whether epsilon is added to the root before the bias of v is taken off, as in
   *     Keras and in the paper's second form
   */
  public record Options(
      double beta1,
      double beta2,
      double epsilon,
      double l2,
      double decay,
      boolean amsgrad,
      boolean epsilonHat) {
    /** The defaults of PyTorch. */
    public static final Options DEFAULT = new Options(0.9, 0.999, 1e-8, 0);

    /** The defaults of PyTorch's AdamW. */
    public static final Options ADAM_W = DEFAULT.decay(0.01);

    /** The defaults of Keras. */
    public static final Options KERAS = new Options(0.9, 0.999, 1e-7, 0, 0, false, true);

    /** Checks the numbers. */
    public Options {
      if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon >= 0)) {
        throw new IllegalArgumentException(
            "adam: expected betas of 0 to below 1 and an epsilon >= 0, got "
                + beta1
                + ", "
                + beta2
                + ", "
                + epsilon);
      }
    }

    /**
     * Plain Adam.
     *
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second
     * @param epsilon added to the root
     * @param l2 added to the gradient, times the weight
     */
    public Options(double beta1, double beta2, double epsilon, double l2) {
      this(beta1, beta2, epsilon, l2, 0, false, false);
    }

    /**
     * {@return these with decay apart from the gradient (AdamW)}
     *
     * @param share of a weight that is lost in a step, times the rate
     */
    public Options decay(double share) {
      return new Options(beta1, beta2, epsilon, l2, share, amsgrad, epsilonHat);
    }

    /** {@return these with AMSGrad} */
    public Options withAmsgrad() {
      return new Options(beta1, beta2, epsilon, l2, decay, true, epsilonHat);
    }
  }

  /**
   * Adam with PyTorch's defaults.
   *
   * @param parameters to change
   * @param rate the learning rate
   * @param arena where the moments live
   */
  public Adam(List<Parameter> parameters, double rate, DeviceArena arena) {
    this(parameters, rate, Options.DEFAULT, arena);
  }

  /**
   * Adam.
   *
   * @param parameters to change
   * @param rate the learning rate
   * @param options the other numbers
   * @param arena where the moments live
   */
  public Adam(List<Parameter> parameters, double rate, Options options, DeviceArena arena) {
    super("adam", parameters, rate, arena);
    this.options = options;
    first = keep("exp_avg", true);
    second = keep("exp_avg_sq", true);
    largest = keep("max_exp_avg_sq", options.amsgrad);
  }

  @Override
  double[] scalars() {
    double root = Math.sqrt(1 - Math.pow(options.beta2, steps()));
    return new double[] {
      rate() / (1 - Math.pow(options.beta1, steps())),
      options.beta1,
      options.beta2,
      root,
      options.epsilonHat ? options.epsilon / root : options.epsilon,
      options.l2,
      1 - rate() * options.decay
    };
  }

  @Override
  Tensor[] beside(int i) {
    return new Tensor[] {first.get(i), second.get(i), largest.get(i)};
  }
}
