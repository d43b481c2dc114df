package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/**
 * Layer norm of whole frames, M = H W C elements each: {@code xh = (x - mean) / sqrt(variance +
 * eps), y = gamma xh + beta}, the variance the biased one; backward, with {@code q = gamma dy},
 * {@code dx = (q - mean(q) - xh mean(q xh)) / sqrt(variance + eps)}. Means are summed in double.
 */
final class LayerNormKernels {
  private final Reals reals;
  private final int frames;
  private final int length;
  private final boolean vectors;

  /**
   * @param rstd [frames]
   * @param x [frames, ...]
   */
  private LayerNormKernels(Tensor rstd, Tensor x) {
    reals = Reals.of(x.type());
    frames = count(rstd);
    length = count(x) / frames;
    vectors = VectorApi.PRESENT && reals == Reals.FLOATS;
  }

  static void register(Map<String, Kernel> all) {
    all.put("layer_norm", LayerNormKernels::forward);
    all.put("layer_norm_backward", LayerNormKernels::backward);
  }

  /** layer_norm(eps): x, gamma and beta [H, W, C], xh (may be x), 1 / deviation [frames], y. */
  private static void forward(Stream stream, double[] scalars, Tensor... t) {
    new LayerNormKernels(t[4], t[0])
        .forward(
            team(stream),
            scalars[0],
            t[0].memory(),
            t[1].memory(),
            t[2].memory(),
            t[3].memory(),
            t[4].memory(),
            t[5].memory());
  }

  private void forward(
      Team team,
      double eps,
      MemorySegment x,
      MemorySegment gamma,
      MemorySegment beta,
      MemorySegment xh,
      MemorySegment rstd,
      MemorySegment y) {
    team.run(
        frames,
        1,
        (from, to) -> {
          for (int frame = from; frame < to; frame++) {
            long at = (long) frame * length;
            double mean = moment(x, at, 0, false) / length;
            double scale = 1 / Math.sqrt(moment(x, at, mean, true) / length + eps);
            reals.set(rstd, frame, scale);
            int done =
                vectors
                    ? LayerNormVector.normalise(at, length, mean, scale, x, gamma, beta, xh, y)
                    : 0;
            for (int j = done; j < length; j++) {
              double value = (reals.get(x, at + j) - mean) * scale;
              reals.set(xh, at + j, value);
              reals.set(y, at + j, value * reals.get(gamma, j) + reals.get(beta, j));
            }
          }
        });
  }

  /** The sum of x - centre over a frame, or of its squares. */
  private double moment(MemorySegment x, long at, double centre, boolean square) {
    int j = vectors ? length / Lanes.COUNT * Lanes.COUNT : 0;
    double sum = vectors ? LayerNormVector.moment(x, at, j, (float) centre, square) : 0;
    // The vectors took the centre as a float; so must the rest.
    double c = vectors ? (float) centre : centre;
    for (; j < length; j++) {
      double d = reals.get(x, at + j) - c;
      sum += square ? d * d : d;
    }
    return sum;
  }

  /**
   * layer_norm_backward(channels, add): xh, gamma, 1 / deviation, dy, dx (overwritten unless add;
   * may be xh), dgamma and dbeta, added to: these are [C, H, W], all else is [H, W, C].
   */
  private static void backward(Stream stream, double[] scalars, Tensor... t) {
    var kernel = new LayerNormKernels(t[2], t[0]);
    var xh = t[0].memory();
    var dy = t[3].memory();
    kernel.affine(team(stream), (int) scalars[0], xh, dy, t[5].memory(), t[6].memory());
    kernel.data(
        team(stream),
        scalars[1] != 0,
        xh,
        t[1].memory(),
        t[2].memory(),
        dy,
        t[4] == null ? null : t[4].memory());
  }

  private void affine(
      Team team,
      int channels,
      MemorySegment xh,
      MemorySegment dy,
      MemorySegment dgamma,
      MemorySegment dbeta) {
    int area = length / channels;
    team.run(
        area,
        Math.max(1, Loops.GRAIN / (channels * frames)),
        (from, to) -> {
          var sums = new double[2 * channels];
          for (int pixel = from; pixel < to; pixel++) {
            Arrays.fill(sums, 0);
            for (int frame = 0; frame < frames; frame++) {
              addPixel((long) frame * length + (long) pixel * channels, channels, xh, dy, sums);
            }
            for (int c = 0; c < channels; c++) {
              reals.add(dgamma, (long) c * area + pixel, sums[c]);
              reals.add(dbeta, (long) c * area + pixel, sums[channels + c]);
            }
          }
        });
  }

  private void addPixel(long at, int channels, MemorySegment xh, MemorySegment dy, double[] sums) {
    for (int c = 0; c < channels; c++) {
      double d = reals.get(dy, at + c);
      sums[c] += d * reals.get(xh, at + c);
      sums[channels + c] += d;
    }
  }

  private void data(
      Team team,
      boolean add,
      MemorySegment xh,
      MemorySegment gamma,
      MemorySegment rstd,
      MemorySegment dy,
      MemorySegment dx) {
    if (dx == null) {
      return;
    }
    team.run(
        frames,
        1,
        (from, to) -> {
          for (int frame = from; frame < to; frame++) {
            long at = (long) frame * length;
            int whole = vectors ? length / Lanes.COUNT * Lanes.COUNT : 0;
            double[] means =
                vectors ? LayerNormVector.means(at, whole, xh, gamma, dy) : new double[2];
            for (int j = whole; j < length; j++) {
              double q = reals.get(gamma, j) * reals.get(dy, at + j);
              means[0] += q;
              means[1] += q * reals.get(xh, at + j);
            }
            means[0] /= length;
            means[1] /= length;
            double scale = reals.get(rstd, frame);
            if (vectors) {
              LayerNormVector.data(at, whole, means, (float) scale, add, xh, gamma, dy, dx);
            }
            for (int j = whole; j < length; j++) {
              double q = reals.get(gamma, j) * reals.get(dy, at + j);
              double d = scale * (q - means[0] - reals.get(xh, at + j) * means[1]);
              reals.set(dx, at + j, add ? reals.get(dx, at + j) + d : d);
            }
          }
        });
  }
}
