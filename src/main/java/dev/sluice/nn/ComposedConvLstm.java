package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Backend;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * A ConvLSTM put together from an engine's convolutions and its kernels {@code conv_lstm} and
 * {@code conv_lstm_backward}: what every engine can do without a plan of its own.
 */
record ComposedConvLstm(Backend backend, CellSpec spec) implements CellPlan {
  private ConvPlan input() {
    return conv(spec.steps() * spec.batch(), spec.inputs(), true);
  }

  private ConvPlan recurrent() {
    return conv(spec.batch(), spec.hidden(), spec.inputs() == 0);
  }

  /** The recurrent convolution over all steps, for the gradients of its weights. */
  private ConvPlan whole() {
    return conv(spec.steps() * spec.batch(), spec.hidden(), true);
  }

  private ConvPlan conv(int batch, int channels, boolean bias) {
    return backend.convolution(
        new ConvSpec(
            spec.type(),
            batch,
            spec.height(),
            spec.width(),
            channels,
            4 * spec.hidden(),
            spec.kernelHeight(),
            spec.kernelWidth(),
            bias));
  }

  private Shape frame() {
    return Shape.of(spec.batch(), spec.height(), spec.width(), spec.hidden());
  }

  private Shape map() {
    return Shape.of(spec.height(), spec.width(), spec.hidden());
  }

  /** Elements of the packed parts: both convolutions, three maps. */
  private long[] packedParts() {
    long map = spec.peephole() ? map().elements() : 0;
    return new long[] {
      spec.inputs() > 0 ? elements(input().packedBytes()) : 0,
      elements(recurrent().packedBytes()),
      map,
      map,
      map
    };
  }

  private long elements(long bytes) {
    return (bytes + 63) / 64 * 64 / spec.type().bytes();
  }

  /** Cuts a tensor into parts of so many elements, each aligned. */
  private List<Tensor> cut(Tensor whole, long... parts) {
    var all = new ArrayList<Tensor>();
    var flat = whole.reshape(Shape.of(whole.shape().elements()));
    long at = 0;
    for (long part : parts) {
      all.add(flat.slice(at, at + part));
      at += elements(part * spec.type().bytes());
    }
    return all;
  }

  private long total(long... parts) {
    long total = 0;
    for (long part : parts) {
      total += elements(part * spec.type().bytes());
    }
    return total * spec.type().bytes();
  }

  @Override
  public long packedBytes() {
    return total(packedParts());
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var parts = cut(packed, packedParts());
    int next = 0;
    if (spec.inputs() > 0) {
      var bias = weights.get(2);
      input().pack(stream, List.of(weights.get(next++), bias), parts.get(0));
      recurrent().pack(stream, List.of(weights.get(next++)), parts.get(1));
    } else {
      recurrent().pack(stream, weights.subList(0, 2), parts.get(1));
      next = 1;
    }
    for (int i = 0; spec.peephole() && i < 3; i++) {
      permute("permute", stream, TO_LAST, weights.get(next + 1 + i), parts.get(2 + i));
    }
  }

  private static final int[] TO_LAST = {1, 2, 0};
  private static final int[] TO_FIRST = {2, 0, 1};

  private void permute(String kernel, Stream stream, int[] axes, Tensor from, Tensor to) {
    var canonical = new long[] {spec.hidden(), spec.height(), spec.width()};
    var scalars = new double[6];
    for (int i = 0; i < 3; i++) {
      scalars[i] = axes[i];
      scalars[3 + i] = axes == TO_LAST ? canonical[i] : canonical[TO_LAST[i]];
    }
    backend.kernel(kernel).run(stream, scalars, from, to);
  }

  /** Elements of the reserve: sums, h and c of all steps, dh, dc, and the maps' gradients. */
  private long[] reserveParts() {
    long frame = frame().elements();
    long map = spec.peephole() ? map().elements() : 0;
    return new long[] {
      4 * spec.steps() * frame,
      (spec.steps() + 1L) * frame,
      (spec.steps() + 1L) * frame,
      frame,
      frame,
      map,
      map,
      map
    };
  }

  /** Also in inference, since a composed plan has no other place for its steps. */
  @Override
  public long reserveBytes() {
    return total(reserveParts());
  }

  /** The tensors of one trip, laid over the reserve. */
  private final class Trip {
    final Tensor sums;
    final Tensor h;
    final Tensor c;
    final Tensor dh;
    final Tensor dc;
    final List<Tensor> maps;
    final List<Tensor> packed;

    Trip(Tensor reserve, Tensor weights) {
      var parts = cut(reserve, reserveParts());
      sums =
          parts
              .get(0)
              .reshape(
                  Shape.of(
                      spec.steps(), spec.batch(), spec.height(), spec.width(), 4L * spec.hidden()));
      h = parts.get(1).reshape(frame().outer(spec.steps() + 1L));
      c = parts.get(2).reshape(frame().outer(spec.steps() + 1L));
      dh = parts.get(3).reshape(frame());
      dc = parts.get(4).reshape(frame());
      maps = spec.peephole() ? reshaped(parts.subList(5, 8)) : NO_MAPS;
      packed = cut(weights, packedParts());
    }

    List<Tensor> peephole() {
      return spec.peephole() ? reshaped(packed.subList(2, 5)) : NO_MAPS;
    }

    private List<Tensor> reshaped(List<Tensor> flat) {
      return flat.stream().map(t -> t.reshape(map())).toList();
    }
  }

  private static final List<Tensor> NO_MAPS = java.util.Arrays.asList(null, null, null);

  private void run(String kernel, Stream stream, Tensor... tensors) {
    backend.kernel(kernel).run(stream, new double[] {0}, tensors);
  }

  private void copyOrZero(Stream stream, Tensor from, Tensor to) {
    if (from == null) {
      run("fill", stream, to);
    } else {
      run("copy", stream, from, to);
    }
  }

  private Tensor frames(Tensor sequence) {
    var shape = sequence.shape();
    return sequence.reshape(
        Shape.of(shape.dim(0) * shape.dim(1), shape.dim(2), shape.dim(3), shape.dim(4)));
  }

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    stream.together(() -> run(stream, packed, values, reserve));
  }

  private void run(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var trip = new Trip(reserve, packed);
    copyOrZero(stream, values.initial().get(0), trip.h.at(0));
    copyOrZero(stream, values.initial().get(1), trip.c.at(0));
    if (spec.inputs() > 0) {
      input().forward(stream, trip.packed.get(0), frames(values.x()), frames(trip.sums), false);
    }
    var maps = trip.peephole();
    for (int t = 0; t < spec.steps(); t++) {
      recurrent()
          .forward(stream, trip.packed.get(1), trip.h.at(t), trip.sums.at(t), spec.inputs() > 0);
      run(
          "conv_lstm",
          stream,
          trip.sums.at(t),
          trip.c.at(t),
          trip.c.at(t + 1L),
          trip.h.at(t + 1L),
          maps.get(0),
          maps.get(1),
          maps.get(2));
    }
    run("copy", stream, trip.h.slice(1, spec.steps() + 1L), values.y());
    if (values.last().get(0) != null) {
      run("copy", stream, trip.h.at(spec.steps()), values.last().get(0));
    }
    run("copy", stream, trip.c.at(spec.steps()), values.last().get(1));
  }

  @Override
  public void backward(
      Stream stream,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve) {
    var trip = new Trip(reserve, packed);
    copyOrZero(stream, gradients.last().get(0), trip.dh);
    copyOrZero(stream, gradients.last().get(1), trip.dc);
    trip.maps.stream().filter(m -> m != null).forEach(m -> run("fill", stream, m));
    var maps = trip.peephole();
    for (int t = spec.steps() - 1; t >= 0; t--) {
      if (gradients.y() != null) {
        run("add", stream, gradients.y().at(t), trip.dh);
      }
      run(
          "conv_lstm_backward",
          stream,
          trip.sums.at(t),
          trip.c.at(t),
          trip.c.at(t + 1L),
          trip.dh,
          trip.dc,
          maps.get(0),
          maps.get(1),
          maps.get(2),
          trip.maps.get(0),
          trip.maps.get(1),
          trip.maps.get(2));
      recurrent().backwardData(stream, trip.packed.get(1), trip.sums.at(t), trip.dh);
    }
    addTo(stream, gradients.initial().get(0), trip.dh);
    addTo(stream, gradients.initial().get(1), trip.dc);
    weightGradients(stream, values, gradients, weights, trip);
  }

  private void addTo(Stream stream, Tensor to, Tensor from) {
    if (to != null) {
      run("add", stream, from, to);
    }
  }

  private void weightGradients(
      Stream stream, Sequence values, Sequence gradients, List<Tensor> weights, Trip trip) {
    int next = 0;
    var sums = frames(trip.sums);
    if (spec.inputs() > 0) {
      var x = frames(values.x());
      conv(spec.steps() * spec.batch(), spec.inputs(), false)
          .backwardWeights(stream, x, sums, weights.get(next++), null);
      if (gradients.x() != null) {
        input().backwardData(stream, trip.packed.get(0), sums, frames(gradients.x()));
      }
    }
    whole()
        .backwardWeights(
            stream,
            frames(trip.h.slice(0, spec.steps())),
            sums,
            weights.get(next),
            weights.get(next + 1));
    for (int i = 0; spec.peephole() && i < 3; i++) {
      permute("permute_add", stream, TO_FIRST, trip.maps.get(i), weights.get(next + 2 + i));
    }
  }
}
