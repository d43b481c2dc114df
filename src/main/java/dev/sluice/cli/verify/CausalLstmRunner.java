package dev.sluice.cli.verify;

import dev.sluice.nn.CausalLstm;
import java.util.List;

/** A Causal LSTM over a sequence, its memory going from each step to the next. */
final class CausalLstmRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return SpatioTemporal.knows(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    SpatioTemporal.require(config);
    int[] kernel = config.integers("kernel", 2);
    var cell =
        new CausalLstm(
            new CausalLstm.Config(
                config.integer("Cin"),
                config.integer("Ch"),
                kernel[0],
                kernel[1],
                SpatioTemporal.layerNorm(config, 1)),
            trip.type(),
            trip.weights(),
            trip.arena());
    var x = trip.input("x", Axes.FRAMES);
    var zeros = cell.zeros(trip.pass(), x.shape().size(1), x.shape().size(2), x.shape().size(3));
    var h = trip.input("h0", Axes.STATE);
    var c = trip.input("c0", Axes.STATE);
    var m = trip.input("m0", Axes.STATE);
    var initial =
        new CausalLstm.State(
            h == null ? zeros.h() : h, c == null ? zeros.c() : c, m == null ? zeros.m() : m);
    var output = cell.forward(trip.pass(), x, initial);
    trip.output("y", Axes.FRAMES, output.y());
    trip.output("hn", Axes.STATE, output.last().h());
    trip.output("cn", Axes.STATE, output.last().c());
    trip.output("mn", Axes.STATE, output.last().m());
    trip.backward(List.of(cell));
  }
}
