package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;

/** The states of packed sequences: N' of N, in their order. */
final class PackedStates {
  private final Pass pass;
  private final PackedOrder order;
  private final int batch;
  private final int strands;

  /**
   * @param batch N
   * @param strands L D
   */
  PackedStates(Pass pass, PackedOrder order, int batch, int strands) {
    this.pass = pass;
    this.order = order;
    this.batch = batch;
    this.strands = strands;
  }

  /** [L D, N', H] of [L D, N, H]; null for null. */
  Tensor sorted(Tensor states) {
    return states == null
        ? null
        : whole(Gathered.rows(pass, rows(states), order.states(strands)), order.batch());
  }

  /**
   * [L D, N, H] of [L D, N', H]; those of empty sequences are the initial ones.
   *
   * @param initial [L D, N, H], or null for zeros
   */
  Tensor restored(Tensor sorted, Tensor initial) {
    var places = PackedOrder.inverse(order.states(strands), strands * batch);
    var states = Gathered.rows(pass, rows(sorted), places);
    if (initial != null && order.batch() < batch) {
      Gathered.add(pass, rows(initial), order.empty(strands), states);
    }
    return whole(states, batch);
  }

  private static Tensor rows(Tensor states) {
    var shape = states.shape();
    return states.reshape(Shape.of(shape.dim(0) * shape.dim(1), shape.dim(2)));
  }

  private Tensor whole(Tensor rows, int sequences) {
    return rows.reshape(Shape.of(strands, sequences, rows.shape().dim(1)));
  }
}
