package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** How a plan over a sequence, of a network or of a cell, is recorded for the way back. */
final class Recorded {
  private Recorded() {}

  /** Memory for what forward leaves for backward, or null in inference. */
  static Tensor reserve(Pass pass, RnnPlan plan, DType type) {
    long bytes = plan.reserveBytes();
    return bytes == 0
        ? null
        : pass.empty(type, Shape.of((bytes + type.bytes() - 1) / type.bytes()));
  }

  /** Watches the outputs and records the plan's backward. */
  static void backward(
      Pass pass,
      RnnPlan plan,
      Tensor packed,
      Sequence values,
      List<Parameter> parameters,
      Tensor reserve) {
    pass.watch(values.y());
    values.last().stream().filter(Objects::nonNull).forEach(pass::watch);
    pass.record(
        () -> {
          var last =
              values.last().stream()
                  .map(state -> state == null ? null : pass.arrived(state))
                  .collect(ArrayList<Tensor>::new, ArrayList::add, ArrayList::addAll);
          var dy = pass.arrived(values.y());
          if (dy == null && last.stream().allMatch(Objects::isNull)) {
            return;
          }
          var initial = new ArrayList<Tensor>();
          for (int i = 0; i < values.last().size(); i++) {
            initial.add(pass.gradientOrNull(values.initial().get(i)));
          }
          var gradients =
              new Sequence(pass.gradientOrNull(values.x()), values.lengths(), initial, dy, last);
          var weights = parameters.stream().map(Parameter::gradient).toList();
          plan.backward(pass.stream(), packed, values, gradients, weights, reserve);
        });
  }
}
