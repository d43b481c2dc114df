package dev.sluice.cli.verify;

import dev.sluice.Tensor;
import dev.sluice.nn.Patch;
import dev.sluice.nn.PredRnn;
import dev.sluice.train.Loss;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** PredRNN, and with a decoupling loss PredRNN-V2. */
final class PredRnnRunner implements CaseRunner {
  private static final Set<String> KEYS =
      Set.of(
          "total_length",
          "input_length",
          "C",
          "patch",
          "layers",
          "num_hidden",
          "reverse_scheduled_sampling",
          "decouple_beta",
          "mask");

  @Override
  public boolean knows(String key) {
    return KEYS.contains(key) || SpatioTemporal.knows(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    SpatioTemporal.require(config);
    int layers = config.integer("layers");
    int patch = config.integer("patch", 1);
    int[] kernel = config.integers("kernel", 2);
    if (kernel[0] != kernel[1]) {
      throw new NotSupported(
          "kernel is %dx%d, PredRnn has square ones".formatted(kernel[0], kernel[1]));
    }
    var model =
        new PredRnn(
            new PredRnn.Config(
                config.integer("C"),
                IntStream.of(config.integers("num_hidden", layers)).boxed().toList(),
                kernel[0],
                patch,
                SpatioTemporal.layerNorm(config, patch),
                config.flag("reverse_scheduled_sampling", false),
                config.number("decouple_beta", 0)),
            trip.type(),
            trip.weights(),
            trip.arena());
    var frames = trip.input("frames", Axes.FRAMES);
    var output = model.forward(trip.pass(), frames, config.integer("input_length"), mask(trip));
    trip.output("y", Axes.FRAMES, output.y());
    trip.output("hn", Axes.STATES, output.h().toArray(Tensor[]::new));
    trip.output("cn", Axes.STATES, output.c().toArray(Tensor[]::new));
    trip.output("mn", Axes.STATE, output.m());
    if (output.decouple() != null) {
      trip.judge().expected("decouple", output.decouple().doubles());
      trip.loss(output.decouple(), config.number("decouple_beta", 0));
    }
    var next = new Patch(patch).split(trip.pass(), frames.slice(1, frames.shape().dim(0)));
    var mse = Loss.mse().of(trip.pass(), output.y(), next);
    trip.judge().expected("mse_mean_vs_next_frames", mse.doubles());
    trip.backward(List.of(model));
  }

  private static float[] mask(Trip trip) {
    int[] mask = trip.subject().ints("in.mask");
    var floats = new float[mask.length];
    for (int i = 0; i < mask.length; i++) {
      floats[i] = mask[i];
    }
    return floats;
  }
}
