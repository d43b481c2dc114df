package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.bindings.gomp.Gomp_h;
import dev.sluice.spi.Choice;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Layers and directions of a recurrent network, strand by strand. */
final class CpuRnn implements RnnPlan, AutoCloseable {
  private final RnnSpec spec;
  private final RnnSpec.Run run;
  private final Reals reals;
  private final Multiply multiply;
  private final Cut cut;
  private final PackedNetwork network;

  /** Parts of a strand's reserve. */
  private final int each;

  private final long[] parts;

  CpuRnn(OneDnnEngine engine, RnnSpec spec, RnnSpec.Run run, int threads) {
    this.spec = spec;
    this.run = run;
    this.reals = Reals.of(spec.type());
    this.multiply = Multiply.of(reals);
    this.cut = Cut.of(spec, run, threads);
    // oneDNN cuts a primitive's work for as many threads as the thread that makes it may use.
    Gomp_h.omp_set_num_threads(cut.apart() ? 1 : threads);
    this.network = new PackedNetwork(engine, spec, run, cut);
    this.each = strandParts().length;
    this.parts = reserveParts();
  }

  /** What decides how weights are packed: not how long sequences are, nor how many. */
  private record Layout(
      RnnSpec spec, boolean training, boolean row, boolean inputRow, boolean apart, boolean deep) {}

  @Override
  public Object layout() {
    return new Layout(
        spec, run.training(), run.batch() == 1, rows() == 1, cut.apart(), network.deep());
  }

  @Override
  public long packedBytes() {
    return network.bytes();
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    network.pack((CpuStream) stream, weights, packed);
  }

  @Override
  public long reserveBytes() {
    return run.training() ? Blocks.total(parts) : 0;
  }

  /** For each strand its own parts, for each layer but the last its output, x without padding. */
  private long[] reserveParts() {
    var parts = new ArrayList<Long>();
    for (int strand = 0; strand < spec.layers() * spec.directions(); strand++) {
      for (long part : strandParts()) {
        parts.add(part);
      }
    }
    for (int layer = 0; layer + 1 < spec.layers(); layer++) {
      parts.add(outputBytes());
    }
    parts.add(masked() ? bytes((long) rows() * spec.input()) : 0);
    return parts.stream().mapToLong(Long::longValue).toArray();
  }

  /** Whether x is copied without what stands past the ends, of which W_ih's gradient is no part. */
  private boolean masked() {
    return run.lengths() && run.training();
  }

  private long[] strandParts() {
    return switch (spec.kind()) {
      case LSTM -> LstmStrand.reserve(spec, run, cut);
      case GRU_RESET_AFTER, GRU_RESET_BEFORE -> GruStrand.reserve(spec, run, cut);
      case RNN_TANH, RNN_RELU -> ElmanStrand.reserve(spec, run, cut);
    };
  }

  private long outputBytes() {
    return bytes((long) rows() * spec.directions() * spec.output());
  }

  private int rows() {
    return run.steps() * run.batch();
  }

  private long bytes(long elements) {
    return elements * reals.bytes();
  }

  /** Everything that one trip uses, laid out over the reserve. */
  private final class Trip {
    final CpuStream stream;
    final Sequence values;
    final MemorySegment[] packed;
    final MemorySegment[] reserve;

    Trip(Stream stream, Tensor packed, Sequence values, MemorySegment[] reserve) {
      this.stream = (CpuStream) stream;
      this.values = values;
      this.packed = network.parts(packed);
      this.reserve = reserve;
    }

    /** A strand over all rows. */
    Strand strand(int index) {
      return strand(index, stream, cut.whole());
    }

    private Strand strand(int index, CpuStream with, Cut.Share share) {
      var own = Arrays.copyOfRange(reserve, index * each, (index + 1) * each);
      return network.strand(with, run, packed, share, index, own);
    }

    /** {@return what runs a strand, each thread its share of the rows} */
    Runnable apart(int index, Consumer<Strand> work) {
      var streams = stream.parts(cut.shares());
      var shares = new Strand[cut.shares()];
      for (int i = 0; i < shares.length; i++) {
        shares[i] = strand(index, streams.get(i), cut.share(i));
      }
      Team.Chunk chunk =
          (from, to) -> {
            for (int i = from; i < to; i++) {
              work.accept(shares[i]);
            }
          };
      return () -> stream.team().run(shares.length, 1, chunk);
    }

    /** The input of a layer, [T N, width]. */
    MemorySegment input(int layer) {
      if (layer > 0) {
        return output(layer - 1);
      }
      return masked() ? reserve[reserve.length - 1] : values.x().memory();
    }

    /** Copies x with zeros past the sequences' ends. */
    void maskInput() {
      var x = values.x().memory();
      var masked = reserve[reserve.length - 1];
      long row = bytes(spec.input());
      for (int t = 0; t < run.steps(); t++) {
        for (int n = 0; n < run.batch(); n++) {
          long at = ((long) t * run.batch() + n) * row;
          if (Strand.ended(lengths(), n, t)) {
            reals.zero(masked, at / reals.bytes(), spec.input());
          } else {
            MemorySegment.copy(x, at, masked, at, row);
          }
        }
      }
    }

    MemorySegment output(int layer) {
      int strandsInAll = spec.layers() * spec.directions() * each;
      return layer == spec.layers() - 1 ? values.y().memory() : reserve[strandsInAll + layer];
    }

    MemorySegment lengths() {
      return values.lengths() == null ? null : values.lengths().memory();
    }
  }

  private static MemorySegment strandOf(List<Tensor> states, int which, int strand) {
    var tensor = states == null ? null : states.get(which);
    return tensor == null ? null : tensor.at(strand).memory();
  }

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var block =
        reserve == null ? ((CpuStream) stream).scratch(parts) : Blocks.cut(reserve.memory(), parts);
    var trip = new Trip(stream, packed, values, block);
    trip.stream.tape().add(prepared(trip));
  }

  /** All layers forward, as often as it is run; then it makes no objects. */
  private Runnable prepared(Trip trip) {
    var layers = new Runnable[spec.layers()];
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer] = cut.apart() ? apart(trip, layer) : together(trip, layer);
    }
    return () -> {
      if (masked()) {
        trip.maskInput();
      }
      for (var layer : layers) {
        layer.run();
      }
    };
  }

  private Runnable together(Trip trip, int layer) {
    var strands = new Strand[spec.directions()];
    var work = new Runnable[strands.length];
    for (int direction = 0; direction < strands.length; direction++) {
      int index = layer * strands.length + direction;
      strands[direction] = trip.strand(index);
      work[direction] = forward(trip, index, strands[direction]);
    }
    return () -> {
      for (int direction = 0; direction < work.length; direction++) {
        strands[direction].input(trip.input(layer));
        work[direction].run();
      }
    };
  }

  private Runnable apart(Trip trip, int layer) {
    var work = new Runnable[spec.directions() * cut.shares()];
    var streams = trip.stream.parts(work.length);
    for (int i = 0; i < work.length; i++) {
      int index = layer * spec.directions() + i / cut.shares();
      var share = cut.share(i % cut.shares());
      work[i] = forward(trip, index, trip.strand(index, streams.get(i), share));
    }
    Team.Chunk chunk =
        (from, to) -> {
          for (int i = from; i < to; i++) {
            work[i].run();
          }
        };
    return () -> trip.stream.team().run(work.length, 1, chunk);
  }

  private Runnable forward(Trip trip, int index, Strand strand) {
    int layer = index / spec.directions();
    return strand.forward(
        trip.input(layer),
        states(trip.values.initial(), index),
        trip.lengths(),
        trip.output(layer).asSlice(bytes((long) (index % spec.directions()) * spec.output())),
        states(trip.values.last(), index));
  }

  private MemorySegment[] states(List<Tensor> tensors, int strand) {
    var all = new MemorySegment[spec.kind().states()];
    for (int i = 0; i < all.length; i++) {
      all[i] = strandOf(tensors, i, strand);
    }
    return all;
  }

  @Override
  public void backward(
      Stream stream,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve) {
    var trip = new Trip(stream, packed, values, Blocks.cut(reserve.memory(), parts));
    trip.stream.tape().add(preparedBack(trip, gradients, weights));
  }

  /** All layers back, as often as it is run. */
  private Runnable preparedBack(Trip trip, Sequence gradients, List<Tensor> weights) {
    var into = new MemorySegment[weights.size()];
    for (int i = 0; i < into.length; i++) {
      into[i] = weights.get(i).memory();
    }
    long n = run.batch();
    var scratch =
        trip.stream.scratch(
            bytes(n * spec.output()),
            bytes(n * spec.hidden()),
            bytes(n * spec.hidden()),
            outputBytes(),
            outputBytes());
    var work = new ArrayList<Runnable>();
    var dy = gradients.y() == null ? null : gradients.y().memory();
    for (int layer = spec.layers() - 1; layer >= 0; layer--) {
      var dx = layer > 0 ? scratch[3 + layer % 2] : null;
      for (int direction = 0; direction < spec.directions(); direction++) {
        int index = layer * spec.directions() + direction;
        var dyAt = dy == null ? null : dy.asSlice(bytes((long) direction * spec.output()));
        work.add(back(trip, index, network.weights(into, index), dyAt, dx, scratch, gradients));
      }
      dy = dx;
    }
    return () -> work.forEach(Runnable::run);
  }

  private Runnable back(
      Trip trip,
      int index,
      Strand.Weights own,
      MemorySegment dy,
      MemorySegment dx,
      MemorySegment[] scratch,
      Sequence gradients) {
    var strand = trip.strand(index);
    var lengths = trip.lengths();
    Runnable steps =
        cut.apart()
            ? trip.apart(index, share -> share.backward(lengths, dy, scratch, own))
            : () -> strand.backward(lengths, dy, scratch, own);
    var last = states(gradients.last(), index);
    var initial = states(gradients.initial(), index);
    return () -> {
      for (int i = 0; i < last.length; i++) {
        copyOrZero(last[i], scratch[i]);
      }
      steps.run();
      strand.recurrentGradients(own);
      addStates(initial, scratch);
      inputGradients(trip, strand, index, own, dx, gradients);
    };
  }

  private static void copyOrZero(MemorySegment from, MemorySegment to) {
    if (from == null) {
      to.fill((byte) 0);
    } else {
      to.copyFrom(from);
    }
  }

  private void addStates(MemorySegment[] initial, MemorySegment[] from) {
    for (int i = 0; i < initial.length; i++) {
      long count = initial[i] == null ? 0 : initial[i].byteSize() / reals.bytes();
      for (long e = 0; e < count; e++) {
        reals.add(initial[i], e, reals.get(from[i], e));
      }
    }
  }

  /** What the input product and the biases get from the gradients of the sums. */
  private void inputGradients(
      Trip trip,
      Strand strand,
      int index,
      Strand.Weights own,
      MemorySegment dx,
      Sequence gradients) {
    int layer = index / spec.directions();
    long gates = (long) spec.kind().gates() * spec.hidden();
    long in = spec.inputOf(layer);
    multiply.run(
        trip.stream,
        true,
        false,
        gates,
        in,
        rows(),
        strand.sums(),
        gates,
        trip.input(layer),
        in,
        1,
        own.input(),
        in);
    if (spec.bias()) {
      strand.biasGradients(own);
    }
    var to = layer > 0 ? dx : gradients.x() == null ? null : gradients.x().memory();
    if (to != null) {
      multiply.run(
          trip.stream,
          false,
          false,
          rows(),
          in,
          gates,
          strand.sums(),
          gates,
          strand.weights.input(),
          in,
          layer > 0 && index % spec.directions() == 0 ? 0 : 1,
          to,
          in);
    }
  }

  Choice choice() {
    var how =
        cut.apart()
            ? cut.shares() + " shares of rows"
            : run.batch() == 1 ? "one row" : "all threads on each product";
    return new Choice(
        spec.kind().name().toLowerCase(Locale.ROOT),
        how + ", " + network.implementation(),
        "[T, N, C], weights packed");
  }

  @Override
  public void close() {
    network.close();
  }
}
