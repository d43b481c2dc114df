package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A float32 convolution as matrix products, a frame at a time: for the shapes that oneDNN leaves to
 * its reference implementation, large kernels on few channels. The patches of a frame lie as [H W,
 * C kh kw], so that the weights stay as they are. Packed: weights, bias.
 */
final class GemmConvolution implements ConvPlan {
  private final ConvSpec spec;
  private final long area;
  private final long patch;

  GemmConvolution(ConvSpec spec) {
    this.spec = spec;
    this.area = (long) spec.height() * spec.width();
    this.patch = (long) spec.inputs() * spec.kernelHeight() * spec.kernelWidth();
  }

  private long[] parts() {
    return new long[] {4 * spec.outputs() * patch, 4L * spec.outputs()};
  }

  @Override
  public long packedBytes() {
    return Blocks.total(parts());
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var to = Blocks.cut(packed.memory(), parts());
    for (int i = 0; i < weights.size(); i++) {
      to[i].copyFrom(weights.get(i).memory());
    }
  }

  private MemorySegment frame(Tensor frames, int n, int channels) {
    return frames.memory().asSlice(4 * n * area * channels, 4 * area * channels);
  }

  @Override
  public void forward(Stream stream, Tensor packed, Tensor x, Tensor y, boolean add) {
    var cpu = (CpuStream) stream;
    cpu.tape().add(() -> forward(cpu, packed, x, y, add));
  }

  private void forward(CpuStream cpu, Tensor packed, Tensor x, Tensor y, boolean add) {
    var w = Blocks.cut(packed.memory(), parts());
    var patches = cpu.stepScratch(4 * area * patch);
    for (int n = 0; n < spec.batch(); n++) {
      var out = frame(y, n, spec.outputs());
      gather(cpu.team(), frame(x, n, spec.inputs()), patches);
      multiply(cpu, false, true, area, spec.outputs(), patch, patches, w[0], add ? 1 : 0, out);
      for (long e = 0; spec.bias() && e < area * spec.outputs(); e++) {
        Reals.FLOATS.add(out, e, Reals.FLOATS.get(w[1], e % spec.outputs()));
      }
    }
  }

  @Override
  public void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx) {
    var cpu = (CpuStream) stream;
    cpu.tape().add(() -> backwardData(cpu, packed, dy, dx));
  }

  private void backwardData(CpuStream cpu, Tensor packed, Tensor dy, Tensor dx) {
    var w = Blocks.cut(packed.memory(), parts())[0];
    var patches = cpu.stepScratch(4 * area * patch);
    for (int n = 0; n < spec.batch(); n++) {
      var out = frame(dy, n, spec.outputs());
      multiply(cpu, false, false, area, patch, spec.outputs(), out, w, 0, patches);
      scatter(cpu.team(), patches, frame(dx, n, spec.inputs()));
    }
  }

  @Override
  public void backwardWeights(Stream stream, Tensor x, Tensor dy, Tensor dw, Tensor db) {
    var cpu = (CpuStream) stream;
    cpu.tape().add(() -> backwardWeights(cpu, x, dy, dw, db));
  }

  private void backwardWeights(CpuStream cpu, Tensor x, Tensor dy, Tensor dw, Tensor db) {
    var patches = cpu.stepScratch(4 * area * patch);
    for (int n = 0; n < spec.batch(); n++) {
      var out = frame(dy, n, spec.outputs());
      gather(cpu.team(), frame(x, n, spec.inputs()), patches);
      multiply(cpu, true, false, spec.outputs(), patch, area, out, patches, 1, dw.memory());
    }
    if (spec.bias()) {
      for (long e = 0; e < spec.batch() * area * spec.outputs(); e++) {
        Reals.FLOATS.add(db.memory(), e % spec.outputs(), Reals.FLOATS.get(dy.memory(), e));
      }
    }
  }

  private static void multiply(
      CpuStream cpu,
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      MemorySegment a,
      MemorySegment b,
      float beta,
      MemorySegment c) {
    long lda = transposeA ? m : k;
    long ldb = transposeB ? k : n;
    Multiply.FLOATS.run(cpu, transposeA, transposeB, m, n, k, a, lda, b, ldb, beta, c, n);
  }

  /** patches[row, column, c, a, b] = x[row + a - kh / 2, column + b - kw / 2, c]. */
  private void gather(Team team, MemorySegment x, MemorySegment patches) {
    team.run(
        spec.height(),
        1,
        (from, to) -> {
          for (int pixel = from * spec.width(); pixel < to * spec.width(); pixel++) {
            for (int e = 0; e < patch; e++) {
              long at = source(pixel, e);
              float value = at < 0 ? 0 : x.getAtIndex(ValueLayout.JAVA_FLOAT, at);
              patches.setAtIndex(ValueLayout.JAVA_FLOAT, pixel * patch + e, value);
            }
          }
        });
  }

  /** The adjoint of gather, added; channels apart, since patches overlap. */
  private void scatter(Team team, MemorySegment patches, MemorySegment dx) {
    int kernel = spec.kernelHeight() * spec.kernelWidth();
    team.run(
        spec.inputs(),
        1,
        (from, to) -> {
          for (int pixel = 0; pixel < area; pixel++) {
            for (int e = from * kernel; e < to * kernel; e++) {
              long at = source(pixel, e);
              if (at >= 0) {
                Reals.FLOATS.add(dx, at, Reals.FLOATS.get(patches, pixel * patch + e));
              }
            }
          }
        });
  }

  /** Where element e of a pixel's patch lies in the frame, or -1 beyond its border. */
  private long source(int pixel, int e) {
    int kw = spec.kernelWidth();
    int kernel = spec.kernelHeight() * kw;
    int row = pixel / spec.width() + e % kernel / kw - spec.kernelHeight() / 2;
    int column = pixel % spec.width() + e % kw - kw / 2;
    boolean inside = row >= 0 && row < spec.height() && column >= 0 && column < spec.width();
    return inside ? ((long) row * spec.width() + column) * spec.inputs() + e / kernel : -1;
  }
}
