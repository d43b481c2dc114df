package dev.sluice.cli.experiments;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * x: [T, N, C] to y: [N, K]: a recurrent layer whose last state a linear layer reads.
 *
 * @param rnn of one layer in one direction
 * @param head reads h_T
 */
record LastState(Rnn rnn, Linear head) implements Layer {
  /** A network whose parameters begin with a seed. */
  static LastState of(RnnBuilder builder, int outputs, long seed, DeviceArena arena) {
    return of(builder, outputs, Weights.random(seed), arena);
  }

  /** A network whose parameters are given, {@code rnn.weight_ih_l0} and so on. */
  static LastState of(RnnBuilder builder, int outputs, Weights weights, DeviceArena arena) {
    var rnn = builder.build(weights.at("rnn"), arena);
    var spec = rnn.spec();
    return new LastState(
        rnn, new Linear(spec.hidden(), outputs, spec.type(), weights.at("head"), arena));
  }

  @Override
  public List<Parameter> parameters() {
    var all = new ArrayList<>(rnn.parameters());
    all.addAll(head.parameters());
    return all;
  }

  Tensor forward(Pass pass, Tensor x) {
    return head.forward(pass, rnn.forward(pass, x).h().at(0));
  }
}
