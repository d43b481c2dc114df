package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015): {@code m = b1 m + (1 - b1) g}, {@code v = b2 v + (1 - b2) g^2}, {@code
 * w -= rate / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps)}, as in PyTorch: epsilon outside of
 * the root.
 */
public final class Adam implements Optimiser {
  private record Moments(Parameter parameter, Tensor first, Tensor second) {}

  private final Options options;
  private final List<Moments> moments = new ArrayList<>();
  private double rate;
  private long steps;

  /**
   * The numbers that are seldom changed.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second
   * @param epsilon added to the root
   * @param l2 added to the gradient, times the weight
   */
  public record Options(double beta1, double beta2, double epsilon, double l2) {
    /** The defaults of PyTorch. */
    public static final Options DEFAULT = new Options(0.9, 0.999, 1e-8, 0);
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
    this.options = options;
    this.rate = rate;
    for (var parameter : parameters) {
      var value = parameter.value();
      moments.add(
          new Moments(
              parameter,
              arena.zeros(value.type(), value.shape()),
              arena.zeros(value.type(), value.shape())));
    }
  }

  @Override
  public void step() {
    steps++;
    double root = Math.sqrt(1 - Math.pow(options.beta2, steps));
    var scalars =
        new double[] {
          rate / (1 - Math.pow(options.beta1, steps)),
          options.beta1,
          options.beta2,
          root,
          options.epsilon,
          options.l2
        };
    Gradients.each(
        moments.stream().map(Moments::parameter).toList(),
        (backend, stream, i) -> {
          var m = moments.get(i);
          var gradient = m.parameter.gradient();
          backend
              .kernel("adam")
              .run(stream, scalars, m.parameter.value(), gradient, m.first, m.second);
          backend.kernel("fill").run(stream, new double[] {0}, gradient);
          m.parameter.changed();
        });
  }

  @Override
  public double rate() {
    return rate;
  }

  @Override
  public void rate(double value) {
    rate = value;
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public void steps(long value) {
    steps = value;
  }

  @Override
  public Map<String, Tensor> state() {
    var state = new LinkedHashMap<String, Tensor>();
    for (var m : moments) {
      state.put(m.parameter.name() + ".exp_avg", m.first);
      state.put(m.parameter.name() + ".exp_avg_sq", m.second);
    }
    return state;
  }
}
