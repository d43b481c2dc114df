package dev.sluice.cuda;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Sequence;
import java.util.Arrays;
import java.util.List;

/**
 * ConvLSTM over a sequence: one convolution of all inputs, then a recurrent convolution and one
 * kernel for the gates a step, h_t written to its place in y; backward likewise, the weights'
 * gradients over all steps at once.
 *
 * <p>Packed: the weights of both convolutions, each as its own plan wants them, the bias, the
 * peephole maps channels-last. Reserve: activations of all steps, the cells before and after.
 */
record CudaConvLstm(CellSpec spec, CudaBackend backend) implements CellPlan {
  private CudaConvolution convolution(int frames, int channels) {
    var conv =
        new ConvSpec(
            spec.type(),
            frames,
            spec.height(),
            spec.width(),
            channels,
            4 * spec.hidden(),
            spec.kernelHeight(),
            spec.kernelWidth(),
            false);
    return new CudaConvolution(conv, backend);
  }

  private boolean input() {
    return spec.inputs() > 0;
  }

  private CudaConvolution inputs() {
    return convolution(spec.steps() * spec.batch(), spec.inputs());
  }

  private CudaConvolution recurrent(int steps) {
    return convolution(steps * spec.batch(), spec.hidden());
  }

  private int gateRows() {
    return spec.batch() * spec.height() * spec.width();
  }

  private int mapRows() {
    return spec.height() * spec.width();
  }

  private long frame() {
    return (long) gateRows() * spec.hidden();
  }

  private long bytes(long elements) {
    return elements * spec.type().bytes();
  }

  private record Layout(int inputs, int hidden, int height, int width, int kh, int kw, boolean p) {}

  /** Without peepholes weights are packed alike whatever the frames. */
  @Override
  public Object layout() {
    return new Layout(
        spec.inputs(),
        spec.hidden(),
        spec.peephole() ? spec.height() : 0,
        spec.peephole() ? spec.width() : 0,
        spec.kernelHeight(),
        spec.kernelWidth(),
        spec.peephole());
  }

  /** Input weights, recurrent weights, bias, three maps. */
  private long[] packedParts() {
    long map = spec.peephole() ? bytes((long) mapRows() * spec.hidden()) : 0;
    return new long[] {
      input() ? inputs().packedBytes() : 0,
      recurrent(1).packedBytes(),
      bytes(4L * spec.hidden()),
      map,
      map,
      map
    };
  }

  /** Activations of all steps, c of T + 1. */
  private long[] reserveParts() {
    return new long[] {bytes(4 * spec.steps() * frame()), bytes((spec.steps() + 1) * frame())};
  }

  private static long[] cut(long base, long[] parts) {
    var at = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      at[i] = base;
      base += Scratch.aligned(parts[i]);
    }
    return at;
  }

  private static long total(long[] parts) {
    return Arrays.stream(parts).map(Scratch::aligned).sum();
  }

  @Override
  public long packedBytes() {
    return total(packedParts());
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cuda = (CudaStream) stream;
    var at = cut(cuda.address(packed), packedParts());
    int next = 0;
    if (input()) {
      inputs().pack(cuda, cuda.address(weights.get(next++)), at[0]);
    }
    recurrent(1).pack(cuda, cuda.address(weights.get(next++)), at[1]);
    cuda.copy(cuda.address(weights.get(next++)), at[2], bytes(4L * spec.hidden()));
    long[] sizes = {spec.hidden(), spec.height(), spec.width()};
    for (int i = 0; spec.peephole() && i < 3; i++) {
      long map = cuda.address(weights.get(next++));
      CudaKernels.permute(cuda, spec.type(), new int[] {1, 2, 0}, sizes, map, at[3 + i], false);
    }
  }

  @Override
  public long reserveBytes() {
    return spec.training() ? total(reserveParts()) : 0;
  }

  /** What a captured trip is known by. */
  private record Work(CellSpec spec, Addresses addresses) {}

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var cuda = (CudaStream) stream;
    var key = new Work(spec, Addresses.of(cuda, packed, reserve).add(values));
    cuda.repeat(key, () -> new Trip(cuda, packed, values, reserve).forward());
  }

  @Override
  public void backward(
      Stream stream,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve) {
    var cuda = (CudaStream) stream;
    var addresses = Addresses.of(cuda, packed, reserve).add(values).add(gradients).add(weights);
    cuda.repeat(
        new Work(spec, addresses),
        () -> new Trip(cuda, packed, values, reserve).backward(gradients, weights));
  }

  /** One way through the sequence, and back. */
  private final class Trip {
    final CudaStream stream;
    final long[] w;
    final long sums;
    final long c;
    final long x;
    final long y;
    final Sequence values;

    Trip(CudaStream stream, Tensor packed, Sequence values, Tensor reserve) {
      this.stream = stream;
      this.values = values;
      this.w = cut(stream.address(packed), packedParts());
      var parts = reserveParts();
      var at = reserve == null ? stream.planScratch(parts) : cut(stream.address(reserve), parts);
      this.sums = at[0];
      this.c = at[1];
      this.x = stream.address(values.x());
      this.y = stream.address(values.y());
    }

    long h0() {
      return stream.address(values.initial().get(0));
    }

    long sums(int t) {
      return sums + bytes(4 * t * frame());
    }

    long c(int t) {
      return c + bytes(t * frame());
    }

    long y(int t) {
      return y + bytes(t * frame());
    }

    void copyOrZero(Tensor from, long to) {
      if (from == null) {
        stream.zero(to, bytes(frame()));
      } else {
        stream.copy(stream.address(from), to, bytes(frame()));
      }
    }

    void launch(String kernel, long elements, Object... arguments) {
      stream.launch("lstm", kernel + CudaStream.suffix(spec.type()), Grid.of(elements), arguments);
    }

    void forward() {
      copyOrZero(values.initial().get(1), c(0));
      if (input()) {
        inputs().forward(stream, w[0], x, sums, false);
      }
      var step = recurrent(1);
      for (int t = 0; t < spec.steps(); t++) {
        long h = t > 0 ? y(t - 1) : h0();
        if (h != 0) {
          step.forward(stream, w[1], h, sums(t), input());
        } else if (!input()) {
          stream.zero(sums(t), bytes(4 * frame()));
        }
        gates(t);
      }
      long bytes = bytes(frame());
      if (values.last().get(0) != null) {
        stream.copy(y(spec.steps() - 1), stream.address(values.last().get(0)), bytes);
      }
      stream.copy(c(spec.steps()), stream.address(values.last().get(1)), bytes);
    }

    void gates(int t) {
      launch(
          "lstm_forward",
          frame(),
          sums(t),
          w[2],
          map(w, 3),
          map(w, 4),
          map(w, 5),
          c(t),
          c(t + 1),
          0L,
          y(t),
          0L,
          0L,
          0L,
          0,
          gateRows(),
          spec.hidden(),
          spec.peephole() ? mapRows() : 1,
          0.0,
          Double.POSITIVE_INFINITY,
          0);
    }

    long map(long[] at, int index) {
      return spec.peephole() ? at[index] : 0;
    }

    void backward(Sequence gradients, List<Tensor> weights) {
      long map = spec.peephole() ? bytes((long) mapRows() * spec.hidden()) : 0;
      var scratch = stream.planScratch(bytes(frame()), bytes(frame()), map, map, map);
      long dh = scratch[0];
      long dc = scratch[1];
      copyOrZero(gradients.last().get(0), dh);
      copyOrZero(gradients.last().get(1), dc);
      for (int i = 2; i < 5; i++) {
        stream.zero(scratch[i], map);
      }
      long dy = stream.address(gradients.y());
      var initial = gradients.initial();
      boolean past = h0() != 0 || initial.get(0) != null;
      for (int t = spec.steps() - 1; t >= 0; t--) {
        gatesBack(t, dy == 0 ? 0 : dy + bytes(t * frame()), dh, dc, scratch);
        if (t > 0 || past) {
          recurrent(1).backwardData(stream, w[1], sums(t), dh, false);
        }
      }
      addTo(initial.get(0), dh);
      addTo(initial.get(1), dc);
      weightGradients(gradients, weights, scratch);
    }

    void gatesBack(int t, long dy, long dh, long dc, long[] maps) {
      launch(
          "lstm_backward",
          frame(),
          sums(t),
          map(w, 3),
          map(w, 4),
          map(w, 5),
          c(t),
          c(t + 1),
          dy,
          (long) spec.hidden(),
          dh,
          dc,
          0L,
          0,
          gateRows(),
          spec.hidden(),
          spec.peephole() ? mapRows() : 1,
          Double.POSITIVE_INFINITY,
          0);
      if (spec.peephole()) {
        launch(
            "lstm_peephole",
            (long) mapRows() * spec.hidden(),
            sums(t),
            c(t),
            c(t + 1),
            maps[2],
            maps[3],
            maps[4],
            gateRows(),
            spec.hidden(),
            mapRows(),
            Double.POSITIVE_INFINITY,
            0);
      }
    }

    void addTo(Tensor to, long from) {
      if (to != null) {
        CudaKernels.add(stream, spec.type(), from, stream.address(to), frame());
      }
    }

    void weightGradients(Sequence gradients, List<Tensor> weights, long[] maps) {
      int next = 0;
      if (input()) {
        inputs().backwardWeights(stream, x, sums, stream.address(weights.get(next++)));
        if (gradients.x() != null) {
          inputs().backwardData(stream, w[0], sums, stream.address(gradients.x()), true);
        }
      }
      long dw = stream.address(weights.get(next++));
      if (h0() != 0) {
        recurrent(1).backwardWeights(stream, h0(), sums, dw);
      }
      if (spec.steps() > 1) {
        recurrent(spec.steps() - 1).backwardWeights(stream, y, sums(1), dw);
      }
      int rows = spec.steps() * gateRows();
      int columns = 4 * spec.hidden();
      var db = weights.get(next++);
      Sums.addColumns(stream, spec.type(), sums, rows, columns, columns, db, null);
      long[] sizes = {spec.height(), spec.width(), spec.hidden()};
      for (int i = 0; spec.peephole() && i < 3; i++) {
        long to = stream.address(weights.get(next++));
        CudaKernels.permute(stream, spec.type(), new int[] {2, 0, 1}, sizes, maps[2 + i], to, true);
      }
    }
  }
}
