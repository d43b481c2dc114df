package dev.sluice.cli.verify;

import dev.sluice.nn.Ghu;
import java.util.List;

/** The gradient highway unit over a sequence. */
final class GhuRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return SpatioTemporal.knows(key) && !key.equals("Cin") && !key.equals("forget_bias");
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    SpatioTemporal.require(config);
    int[] kernel = config.integers("kernel", 2);
    var unit =
        new Ghu(
            new Ghu.Config(
                config.integer("Ch"), kernel[0], kernel[1], SpatioTemporal.layerNorm(config, 1)),
            trip.type(),
            trip.weights(),
            trip.arena());
    var x = trip.input("x", Axes.FRAMES);
    var z = unit.forward(trip.pass(), x, trip.input("z0", Axes.STATE));
    trip.output("y", Axes.FRAMES, z);
    trip.output("zn", Axes.STATE, z.at(z.shape().dim(0) - 1));
    trip.backward(List.of(unit));
  }
}
