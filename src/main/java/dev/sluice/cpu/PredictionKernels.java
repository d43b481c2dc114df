package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** What PredRNN needs around its cells: scheduled sampling and the decoupling loss. */
final class PredictionKernels {
  /** As PyTorch's normalize: a shorter vector is divided by this. */
  private static final double SHORTEST = 1e-12;

  private PredictionKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("sampling_mix", PredictionKernels::mix);
    all.put("sampling_mix_backward", PredictionKernels::mixBackward);
    all.put("decouple", PredictionKernels::decouple);
    all.put("decouple_backward", PredictionKernels::decoupleBackward);
  }

  /** sampling_mix(): mask [N], x and g [N, ...], y: y = mask x + (1 - mask) g, for each sample. */
  private static void mix(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[1].type());
    int length = count(t[1]) / count(t[0]);
    var mask = t[0].memory();
    var x = t[1].memory();
    var g = t[2].memory();
    var y = t[3].memory();
    team(stream)
        .run(
            count(t[1]),
            Loops.GRAIN,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                double m = reals.get(mask, i / length);
                reals.set(y, i, m * reals.get(x, i) + (1 - m) * reals.get(g, i));
              }
            });
  }

  /** sampling_mix_backward(): mask, dy, dx and dg, added to, or null. */
  private static void mixBackward(Stream stream, double[] scalars, Tensor... t) {
    addScaled(stream, t[0], t[1], t[2], false);
    addScaled(stream, t[0], t[1], t[3], true);
  }

  private static void addScaled(
      Stream stream, Tensor masks, Tensor from, Tensor into, boolean rest) {
    if (into == null) {
      return;
    }
    var reals = Reals.of(from.type());
    int length = count(from) / count(masks);
    var mask = masks.memory();
    var dy = from.memory();
    var d = into.memory();
    team(stream)
        .run(
            count(from),
            Loops.GRAIN,
            (first, end) -> {
              for (int i = first; i < end; i++) {
                double m = reals.get(mask, i / length);
                reals.add(d, i, (rest ? 1 - m : m) * reals.get(dy, i));
              }
            });
  }

  /**
   * decouple(): a and b [F, H, W, C], stats [F, 3, C], loss [1]: the mean over frames and channels
   * of |cos(a, b)|, the vectors being the H W pixels of a channel. Stats: both lengths and the
   * cosine.
   */
  private static void decouple(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    int frames = t[0].shape().size(0);
    int channels = t[0].shape().size(-1);
    int area = count(t[0]) / frames / channels;
    var a = t[0].memory();
    var b = t[1].memory();
    var stats = t[2].memory();
    team(stream)
        .run(
            frames,
            1,
            (from, to) -> {
              for (int frame = from; frame < to; frame++) {
                cosines(reals, frame, area, channels, a, b, stats);
              }
            });
    double sum = 0;
    for (int frame = 0; frame < frames; frame++) {
      for (int c = 0; c < channels; c++) {
        sum += Math.abs(reals.get(stats, (3L * frame + 2) * channels + c));
      }
    }
    reals.set(t[3].memory(), 0, sum / frames / channels);
  }

  private static void cosines(
      Reals reals,
      int frame,
      int area,
      int channels,
      MemorySegment a,
      MemorySegment b,
      MemorySegment stats) {
    var sums = new double[3 * channels];
    for (int pixel = 0; pixel < area; pixel++) {
      long at = ((long) frame * area + pixel) * channels;
      for (int c = 0; c < channels; c++) {
        double u = reals.get(a, at + c);
        double v = reals.get(b, at + c);
        sums[c] += u * u;
        sums[channels + c] += v * v;
        sums[2 * channels + c] += u * v;
      }
    }
    long at = 3L * frame * channels;
    for (int c = 0; c < channels; c++) {
      double u = Math.max(Math.sqrt(sums[c]), SHORTEST);
      double v = Math.max(Math.sqrt(sums[channels + c]), SHORTEST);
      reals.set(stats, at + c, u);
      reals.set(stats, at + channels + c, v);
      reals.set(stats, at + 2L * channels + c, sums[2 * channels + c] / u / v);
    }
  }

  /** decouple_backward(): a, b, stats, dloss [1]: a and b are overwritten with their gradients. */
  private static void decoupleBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    int frames = t[0].shape().size(0);
    int channels = t[0].shape().size(-1);
    int area = count(t[0]) / frames / channels;
    double factor = reals.get(t[3].memory(), 0) / frames / channels;
    var a = t[0].memory();
    var b = t[1].memory();
    var stats = t[2].memory();
    team(stream)
        .run(
            frames * area,
            Math.max(1, 4096 / channels),
            (from, to) -> {
              for (int pixel = from; pixel < to; pixel++) {
                long at = 3L * (pixel / area) * channels;
                backwardPixel(reals, (long) pixel * channels, at, channels, factor, a, b, stats);
              }
            });
  }

  private static void backwardPixel(
      Reals reals,
      long at,
      long statsAt,
      int channels,
      double factor,
      MemorySegment a,
      MemorySegment b,
      MemorySegment stats) {
    for (int c = 0; c < channels; c++) {
      double lengthA = reals.get(stats, statsAt + c);
      double lengthB = reals.get(stats, statsAt + channels + c);
      double cos = reals.get(stats, statsAt + 2L * channels + c);
      double u = reals.get(a, at + c) / lengthA;
      double v = reals.get(b, at + c) / lengthB;
      double d = factor * Math.signum(cos);
      reals.set(a, at + c, d * (v - cos * u) / lengthA);
      reals.set(b, at + c, d * (u - cos * v) / lengthB);
    }
  }
}
