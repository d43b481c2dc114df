package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.length;
import static dev.sluice.cuda.Family.optional;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** What PredRNN needs around its cells: prediction.cu. */
final class PredictionKernels {
  private PredictionKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("sampling_mix", PredictionKernels::mix);
    all.put("sampling_mix_backward", PredictionKernels::mixBackward);
    all.put("decouple", PredictionKernels::decouple);
    all.put("decouple_backward", PredictionKernels::decoupleBackward);
  }

  private static Family family(Stream stream, Tensor like) {
    return Family.of(stream, "prediction", like);
  }

  /** mask, x, g, y. */
  private static void mix(Stream stream, double[] scalars, Tensor... t) {
    long n = count(t[1]);
    family(stream, t[1]).elements("sampling_mix", n, t[0], t[1], t[2], t[3], n, n / count(t[0]));
  }

  /** mask, dy, dx and dg or null. */
  private static void mixBackward(Stream stream, double[] scalars, Tensor... t) {
    long n = count(t[1]);
    family(stream, t[1])
        .elements(
            "sampling_mix_backward",
            n,
            t[0],
            t[1],
            optional(t, 2),
            optional(t, 3),
            n,
            n / count(t[0]));
  }

  private static int area(Tensor frames) {
    return Math.toIntExact(count(frames) / frames.shape().size(0) / length(frames));
  }

  /** a, b, stats, loss [1]. */
  private static void decouple(Stream stream, double[] scalars, Tensor... t) {
    int frames = t[0].shape().size(0);
    int channels = length(t[0]);
    var family = family(stream, t[0]);
    family.launch(
        "decouple",
        new Grid(frames, (channels + 31) / 32, 256, 0),
        t[0],
        t[1],
        t[2],
        area(t[0]),
        channels);
    long cosines = (long) frames * channels;
    var grid = Sums.blocks(cosines);
    long partials = Sums.partials((CudaStream) stream, grid);
    family.launch("decouple_sum", grid, t[2], (long) frames, channels, partials);
    Sums.finish((CudaStream) stream, partials, grid, t[3], 1.0 / cosines, false);
  }

  /** a, b, stats, dloss [1]. */
  private static void decoupleBackward(Stream stream, double[] scalars, Tensor... t) {
    int channels = length(t[0]);
    double factor = 1.0 / t[0].shape().size(0) / channels;
    family(stream, t[0])
        .elements(
            "decouple_backward",
            count(t[0]),
            t[0],
            t[1],
            t[2],
            t[3],
            count(t[0]),
            area(t[0]),
            channels,
            factor);
  }
}
