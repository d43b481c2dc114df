package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.flag;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Layer norm of whole frames: layer_norm.cu. */
final class LayerNormKernels {
  /** Elements of a frame that a block looks at; as in the kernels. */
  private static final int CHUNK = 4096;

  private LayerNormKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("layer_norm", LayerNormKernels::forward);
    all.put("layer_norm_backward", LayerNormKernels::backward);
  }

  /** Frames by chunks. */
  private static Grid grid(int frames, long length) {
    return new Grid(frames, Math.toIntExact((length + CHUNK - 1) / CHUNK), 256, 0);
  }

  /** Two numbers a chunk. */
  private static long stats(Stream stream, Grid grid) {
    return ((CudaStream) stream).scratch(16L * grid.x() * grid.y());
  }

  /** x, gamma, beta, xh, 1 / deviation, y. */
  private static void forward(Stream stream, double[] s, Tensor... t) {
    int frames = Math.toIntExact(count(t[4]));
    long length = count(t[0]) / frames;
    var grid = grid(frames, length);
    long stats = stats(stream, grid);
    var norm = Family.of(stream, "layer_norm", t[0]);
    norm.launch("layer_norm_chunks", grid, t[0], length, stats);
    norm.launch("layer_norm", grid, t[0], t[1], t[2], t[3], t[4], t[5], length, s[0], stats);
  }

  /** xh, gamma, 1 / deviation, dy, dx or null, dgamma, dbeta; dx may be xh and so comes last. */
  private static void backward(Stream stream, double[] s, Tensor... t) {
    int frames = Math.toIntExact(count(t[2]));
    long length = count(t[0]) / frames;
    var norm = Family.of(stream, "layer_norm", t[0]);
    norm.elements("layer_norm_affine", length, t[0], t[3], t[5], t[6], frames, length, (int) s[0]);
    if (t[4] == null) {
      return;
    }
    var grid = grid(frames, length);
    long sums = stats(stream, grid);
    norm.launch("layer_norm_backward_chunks", grid, t[0], t[1], t[3], length, sums);
    norm.launch(
        "layer_norm_backward", grid, t[0], t[1], t[2], t[3], t[4], length, flag(s[1] != 0), sums);
  }
}
