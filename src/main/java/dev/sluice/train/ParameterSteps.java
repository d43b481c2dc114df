package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An optimiser that treats every parameter alike and keeps tensors of its shape beside it. */
abstract sealed class ParameterSteps implements Optimiser permits Adam, Sgd, RmsProp {
  private final String kernel;
  private final List<Parameter> parameters;
  private final DeviceArena arena;
  private final Map<String, List<Tensor>> kept = new LinkedHashMap<>();
  private List<Tensor[]> sets;
  private Tensor setsFactor;
  private double rate;
  private long steps;

  /**
   * @param kernel changes a parameter: its value, its gradient, {@link #beside}, the factor
   */
  ParameterSteps(String kernel, List<Parameter> parameters, double rate, DeviceArena arena) {
    this.kernel = kernel;
    this.parameters = List.copyOf(parameters);
    this.arena = arena;
    rate(rate);
  }

  /** Zeros of each parameter's shape; a list of nulls where they are not kept. */
  final List<Tensor> keep(String name, boolean wanted) {
    var tensors = new ArrayList<Tensor>();
    for (var parameter : parameters) {
      var value = parameter.value();
      tensors.add(wanted ? arena.zeros(value.type(), value.shape()) : null);
    }
    if (wanted) {
      kept.put(name, tensors);
    }
    return tensors;
  }

  /** {@return the kernel's numbers; {@link #steps} counts this step already} */
  abstract double[] scalars();

  /** {@return what is kept beside a parameter; null where the kernel wants it but there is none} */
  abstract Tensor[] beside(int index);

  @Override
  public final void step() {
    step(null);
  }

  /**
   * A step along the gradients times a number on the device; none where that is NaN, but counted.
   *
   * @param factor float64 [1], or null for 1
   */
  final void step(Tensor factor) {
    steps++;
    try {
      Gradients.all(
          parameters,
          (backend, stream) -> backend.kernel(kernel).each(stream, scalars(), sets(factor)));
    } catch (RuntimeException e) {
      steps--;
      throw e;
    } finally {
      parameters.forEach(Parameter::changed);
    }
  }

  /** They stay the same from step to step. */
  private List<Tensor[]> sets(Tensor factor) {
    if (sets == null || factor != setsFactor) {
      sets = Gradients.sets(parameters, i -> set(i, factor));
      setsFactor = factor;
    }
    return sets;
  }

  private Tensor[] set(int index, Tensor factor) {
    var parameter = parameters.get(index);
    var beside = beside(index);
    var set = new Tensor[beside.length + 3];
    set[0] = parameter.value();
    set[1] = parameter.gradient();
    System.arraycopy(beside, 0, set, 2, beside.length);
    set[set.length - 1] = factor;
    return set;
  }

  @Override
  public final double rate() {
    return rate;
  }

  @Override
  public final void rate(double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(kernel + ": expected a rate >= 0, got " + value);
    }
    rate = value;
  }

  @Override
  public final long steps() {
    return steps;
  }

  @Override
  public final void steps(long value) {
    steps = value;
  }

  @Override
  public final Map<String, Tensor> state() {
    var state = new LinkedHashMap<String, Tensor>();
    for (int i = 0; i < parameters.size(); i++) {
      for (var entry : kept.entrySet()) {
        state.put(parameters.get(i).name() + "." + entry.getKey(), entry.getValue().get(i));
      }
    }
    return state;
  }
}
