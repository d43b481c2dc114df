package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.List;

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
    for (var state : values.last()) {
      if (state != null) {
        pass.watch(state);
      }
    }
    pass.record(
        () -> {
          var last = new ArrayList<Tensor>();
          var initial = new ArrayList<Tensor>();
          var dy = pass.arrived(values.y());
          boolean any = dy != null;
          for (var state : values.last()) {
            last.add(state == null ? null : pass.arrived(state));
            any |= last.getLast() != null;
          }
          if (!any) {
            return;
          }
          for (var state : values.initial()) {
            initial.add(pass.gradientOrNull(state));
          }
          var gradients =
              new Sequence(pass.gradientOrNull(values.x()), values.lengths(), initial, dy, last);
          var weights = new ArrayList<Tensor>();
          for (var parameter : parameters) {
            weights.add(parameter.gradient());
          }
          plan.backward(pass.stream(), packed, values, gradients, weights, reserve);
        });
  }
}
