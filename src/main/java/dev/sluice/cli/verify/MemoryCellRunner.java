package dev.sluice.cli.verify;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.nn.MemoryCell;
import dev.sluice.weights.Weights;
import java.util.List;

/**
 * An ST-LSTM or a Causal LSTM over a sequence, its memory going from each step to the next.
 *
 * @param make the cell's constructor
 */
record MemoryCellRunner(Maker make) implements CaseRunner {
  /** Makes the cell. */
  @FunctionalInterface
  interface Maker {
    MemoryCell of(MemoryCell.Config config, DType type, Weights weights, DeviceArena arena);
  }

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
        make.of(
            new MemoryCell.Config(
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
        new MemoryCell.State(
            h == null ? zeros.h() : h, c == null ? zeros.c() : c, m == null ? zeros.m() : m);
    var output = cell.forward(trip.pass(), x, initial);
    trip.output("y", Axes.FRAMES, output.y());
    trip.output("hn", Axes.STATE, output.last().h());
    trip.output("cn", Axes.STATE, output.last().c());
    trip.output("mn", Axes.STATE, output.last().m());
    trip.backward(List.of(cell));
  }
}
