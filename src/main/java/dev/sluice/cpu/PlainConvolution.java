package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A convolution by the definition, in double: for float64, which oneDNN does not have. Packed: the
 * weights and the bias as they are.
 */
final class PlainConvolution implements ConvPlan {
  private final ConvSpec spec;
  private final Reals reals;
  private final long[] parts;

  PlainConvolution(ConvSpec spec) {
    this.spec = spec;
    this.reals = Reals.of(spec.type());
    long weights = (long) spec.outputs() * spec.inputs() * spec.kernelHeight() * spec.kernelWidth();
    this.parts = new long[] {weights * reals.bytes(), (long) spec.outputs() * reals.bytes()};
  }

  @Override
  public long packedBytes() {
    return Blocks.total(parts);
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var to = Blocks.cut(packed.memory(), parts);
    for (int i = 0; i < weights.size(); i++) {
      to[i].copyFrom(weights.get(i).memory());
    }
  }

  /** Visits every product of the convolution once: output, input and weight element. */
  private interface Visit {
    void at(long y, long x, long w);
  }

  private void visit(Visit visit) {
    int h = spec.height();
    int w = spec.width();
    for (int n = 0; n < spec.batch(); n++) {
      for (int row = 0; row < h; row++) {
        for (int column = 0; column < w; column++) {
          visitPixel(n, row, column, visit);
        }
      }
    }
  }

  private void visitPixel(int n, int row, int column, Visit visit) {
    int kh = spec.kernelHeight();
    int kw = spec.kernelWidth();
    for (int a = 0; a < kh; a++) {
      for (int b = 0; b < kw; b++) {
        int fromRow = row + a - kh / 2;
        int fromColumn = column + b - kw / 2;
        if (fromRow < 0
            || fromRow >= spec.height()
            || fromColumn < 0
            || fromColumn >= spec.width()) {
          continue;
        }
        long y = pixel(n, row, column) * spec.outputs();
        long x = pixel(n, fromRow, fromColumn) * spec.inputs();
        for (int k = 0; k < spec.outputs(); k++) {
          for (int c = 0; c < spec.inputs(); c++) {
            visit.at(y + k, x + c, (((long) k * spec.inputs() + c) * kh + a) * kw + b);
          }
        }
      }
    }
  }

  private long pixel(int n, int row, int column) {
    return ((long) n * spec.height() + row) * spec.width() + column;
  }

  @Override
  public void forward(Stream stream, Tensor packed, Tensor x, Tensor y, boolean add) {
    ((CpuStream) stream).tape().add(() -> forward(packed, x, y, add));
  }

  private void forward(Tensor packed, Tensor x, Tensor y, boolean add) {
    var w = Blocks.cut(packed.memory(), parts);
    var in = x.memory();
    var out = y.memory();
    for (long e = 0; e < y.shape().elements(); e++) {
      double bias = spec.bias() ? reals.get(w[1], e % spec.outputs()) : 0;
      reals.set(out, e, (add ? reals.get(out, e) : 0) + bias);
    }
    visit((yAt, xAt, wAt) -> reals.add(out, yAt, reals.get(in, xAt) * reals.get(w[0], wAt)));
  }

  @Override
  public void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx) {
    ((CpuStream) stream).tape().add(() -> backwardData(packed, dy, dx));
  }

  private void backwardData(Tensor packed, Tensor dy, Tensor dx) {
    var w = Blocks.cut(packed.memory(), parts)[0];
    var from = dy.memory();
    var to = dx.memory();
    visit((y, x, wAt) -> reals.add(to, x, reals.get(from, y) * reals.get(w, wAt)));
  }

  @Override
  public void backwardWeights(Stream stream, Tensor x, Tensor dy, Tensor dw, Tensor db) {
    ((CpuStream) stream).tape().add(() -> backwardWeights(x, dy, dw, db));
  }

  private void backwardWeights(Tensor x, Tensor dy, Tensor dw, Tensor db) {
    var in = x.memory();
    var from = dy.memory();
    var to = dw.memory();
    visit((y, xAt, w) -> reals.add(to, w, reals.get(from, y) * reals.get(in, xAt)));
    MemorySegment biases = spec.bias() ? db.memory() : null;
    for (long e = 0; spec.bias() && e < dy.shape().elements(); e++) {
      reals.add(biases, e % spec.outputs(), reals.get(from, e));
    }
  }
}
