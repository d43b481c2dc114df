package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import dev.sluice.spi.Backend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An optimiser that treats every parameter alike and keeps tensors of its shape beside it. */
abstract sealed class ParameterSteps implements Optimiser permits Adam, Sgd, RmsProp {
  private final List<Parameter> parameters;
  private final DeviceArena arena;
  private final Map<String, List<Tensor>> kept = new LinkedHashMap<>();
  private double rate;
  private long steps;

  ParameterSteps(List<Parameter> parameters, double rate, DeviceArena arena) {
    this.parameters = List.copyOf(parameters);
    this.arena = arena;
    this.rate = rate;
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

  /** Changes one parameter; {@link #steps} counts this step already. */
  abstract void change(Backend backend, Stream stream, int index, Parameter parameter);

  @Override
  public final void step() {
    steps++;
    Gradients.each(
        parameters,
        (backend, stream, i) -> {
          change(backend, stream, i, parameters.get(i));
          backend.kernel("fill").run(stream, new double[] {0}, parameters.get(i).gradient());
          parameters.get(i).changed();
        });
  }

  @Override
  public final double rate() {
    return rate;
  }

  @Override
  public final void rate(double value) {
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
