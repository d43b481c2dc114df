package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Layers and directions of a recurrent network, composed of cuBLAS's products and our kernels. For
 * each recurrence the input product is one over all T N rows, and so is each weight's gradient.
 */
final class CudaRnn implements RnnPlan {
  private final RnnSpec spec;
  private final RnnSpec.Run run;
  private final int recurrences;
  private final int each;

  CudaRnn(RnnSpec spec, RnnSpec.Run run) {
    if (spec.type() != DType.FLOAT32 && spec.type() != DType.FLOAT64) {
      throw new IllegalArgumentException(
          "rnn: expected FLOAT32 or FLOAT64 on the cuda engine, got " + spec.type());
    }
    this.spec = spec;
    this.run = run;
    this.recurrences = spec.layers() * spec.directions();
    this.each = spec.weights().size() / recurrences;
  }

  /** Weights are packed alike whatever the sequence. */
  @Override
  public Object layout() {
    return spec;
  }

  /** All weights as they are, then for each recurrence the biases as its gates add them. */
  private long[] packedParts() {
    var parts = new ArrayList<Long>();
    spec.weights().values().forEach(shape -> parts.add(shape.bytes(spec.type())));
    for (int i = 0; i < recurrences; i++) {
      parts.add(spec.bias() ? bytes(4L * spec.hidden()) : 0);
    }
    return parts.stream().mapToLong(Long::longValue).toArray();
  }

  private long bytes(long elements) {
    return elements * spec.type().bytes();
  }

  private int rows() {
    return run.steps() * run.batch();
  }

  private long gates() {
    return (long) spec.kind().gates() * spec.hidden();
  }

  @Override
  public long packedBytes() {
    return Scratch.total(packedParts());
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cuda = (CudaStream) stream;
    var at = Scratch.cut(cuda.address(packed), packedParts());
    for (int i = 0; i < weights.size(); i++) {
      cuda.copy(cuda.address(weights.get(i)), at[i], weights.get(i).bytes());
    }
    for (int i = 0; spec.bias() && i < recurrences; i++) {
      packBias(cuda, at[i * each + 2], at[i * each + 3], at[recurrences * each + i]);
    }
  }

  /** Both biases in one, but for a GRU's reset after, which multiplies the recurrent one of n. */
  private void packBias(CudaStream stream, long input, long recurrent, long to) {
    stream.copy(input, to, bytes(gates()));
    if (spec.kind() == RnnSpec.Kind.GRU_RESET_AFTER) {
      long two = 2L * spec.hidden();
      CudaKernels.add(stream, spec.type(), recurrent, to, two);
      stream.copy(recurrent + bytes(two), to + bytes(gates()), bytes(spec.hidden()));
    } else {
      CudaKernels.add(stream, spec.type(), recurrent, to, gates());
    }
  }

  /** The weights, or their gradients, of one recurrence among all. */
  private Recurrence.Weights weights(long[] all, int index) {
    int at = index * each;
    int next = at + (spec.bias() ? 4 : 2);
    int peephole = next + (spec.projection() > 0 ? 1 : 0);
    int gateBias = recurrences * each + index;
    return new Recurrence.Weights(
        all[at],
        all[at + 1],
        spec.bias() ? all[at + 2] : 0,
        spec.bias() ? all[at + 3] : 0,
        spec.projection() > 0 ? all[next] : 0,
        spec.peephole() ? all[peephole] : 0,
        spec.bias() && gateBias < all.length ? all[gateBias] : 0);
  }

  /** For each recurrence its own parts, for each layer but the last its output, x masked. */
  private long[] reserveParts() {
    var parts = new ArrayList<Long>();
    for (int i = 0; i < recurrences; i++) {
      for (long part : Recurrence.reserve(spec, run)) {
        parts.add(part);
      }
    }
    for (int layer = 0; layer + 1 < spec.layers(); layer++) {
      parts.add(outputBytes());
    }
    parts.add(run.lengths() ? bytes((long) rows() * spec.input()) : 0);
    return parts.stream().mapToLong(Long::longValue).toArray();
  }

  private long outputBytes() {
    return bytes((long) rows() * spec.directions() * spec.output());
  }

  @Override
  public long reserveBytes() {
    return run.training() ? Scratch.total(reserveParts()) : 0;
  }

  /** Everything that one trip uses, laid out over the reserve. */
  private final class Trip {
    final CudaStream stream;
    final Sequence values;
    final long lengths;
    final long[] reserve;
    final List<Recurrence> all = new ArrayList<>();

    Trip(CudaStream stream, Tensor packed, Sequence values, long[] reserve) {
      this.stream = stream;
      this.values = values;
      this.reserve = reserve;
      this.lengths = stream.address(values.lengths());
      var weights = Scratch.cut(stream.address(packed), packedParts());
      int parts = Recurrence.reserve(spec, run).length;
      for (int i = 0; i < recurrences; i++) {
        var own = Arrays.copyOfRange(reserve, i * parts, (i + 1) * parts);
        boolean reverse = i % spec.directions() == 1;
        all.add(Recurrence.of(stream, spec, run, reverse, weights(weights, i), own));
      }
    }

    /** The input of a layer, [T N, width]. */
    long input(int layer) {
      if (layer > 0) {
        return output(layer - 1);
      }
      return run.lengths() ? reserve[reserve.length - 1] : stream.address(values.x());
    }

    void maskInput() {
      stream.launch(
          "sequence",
          "mask_rows" + CudaStream.suffix(spec.type()),
          Grid.of((long) rows() * spec.input()),
          values.x(),
          reserve[reserve.length - 1],
          lengths,
          run.steps(),
          run.batch(),
          spec.input());
    }

    long output(int layer) {
      return layer == spec.layers() - 1
          ? stream.address(values.y())
          : reserve[reserve.length - spec.layers() + layer];
    }

    /** The addresses of one recurrence's states in tensors of all; 0 where there is none. */
    long[] states(List<Tensor> tensors, int index) {
      var at = new long[spec.kind().states()];
      for (int i = 0; i < at.length; i++) {
        var tensor = tensors == null ? null : tensors.get(i);
        at[i] = tensor == null ? 0 : stream.address(tensor.at(index));
      }
      return at;
    }
  }

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var cuda = (CudaStream) stream;
    var key = new Work(spec, run, Addresses.of(cuda, packed, reserve).add(values));
    cuda.repeat(key, () -> run(cuda, packed, values, reserve));
  }

  /** What a captured trip is known by; that of backward has the addresses of gradients too. */
  private record Work(RnnSpec spec, RnnSpec.Run run, Addresses addresses) {}

  private void run(CudaStream cuda, Tensor packed, Sequence values, Tensor reserve) {
    var parts = reserveParts();
    var at = reserve == null ? cuda.planScratch(parts) : Scratch.cut(cuda.address(reserve), parts);
    var trip = new Trip(cuda, packed, values, at);
    if (run.lengths()) {
      trip.maskInput();
    }
    for (int index = 0; index < recurrences; index++) {
      int layer = index / spec.directions();
      int direction = index % spec.directions();
      var recurrence = trip.all.get(index);
      long in = spec.inputOf(layer);
      cuda.multiply(
          spec.type(),
          false,
          true,
          rows(),
          gates(),
          in,
          new Cublas.Matrices(
              trip.input(layer), in, recurrence.weights.input(), in, recurrence.sums(), gates()),
          0);
      long y = trip.output(layer) + bytes((long) direction * spec.output());
      recurrence.forward(
          new Recurrence.Outside(trip.lengths, y),
          trip.states(values.initial(), index),
          trip.states(values.last(), index));
    }
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
    var addresses = Addresses.of(cuda, packed, reserve).add(values).add(gradients);
    var key = new Work(spec, run, addresses.add(weights));
    cuda.repeat(key, () -> runBack(cuda, packed, values, gradients, weights, reserve));
  }

  private void runBack(
      CudaStream cuda,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve) {
    var trip = new Trip(cuda, packed, values, Scratch.cut(cuda.address(reserve), reserveParts()));
    var into = weights.stream().mapToLong(cuda::address).toArray();
    long n = run.batch();
    var scratch =
        cuda.planScratch(
            bytes(n * spec.output()),
            bytes(n * spec.hidden()),
            bytes(n * spec.hidden()),
            spec.projection() > 0 ? bytes((long) rows() * spec.output()) : 0,
            outputBytes(),
            outputBytes());
    var dy = cuda.address(gradients.y());
    for (int layer = spec.layers() - 1; layer >= 0; layer--) {
      long dx = layer > 0 ? scratch[4 + layer % 2] : 0;
      for (int direction = 0; direction < spec.directions(); direction++) {
        int index = layer * spec.directions() + direction;
        var recurrence = trip.all.get(index);
        var own = weights(into, index);
        copyStates(trip, gradients.last(), index, scratch);
        long dyOwn = dy == 0 ? 0 : dy + bytes((long) direction * spec.output());
        recurrence.backward(new Recurrence.Outside(trip.lengths, dyOwn), scratch, own);
        addStates(trip, gradients.initial(), index, scratch);
        inputGradients(trip, recurrence, layer, own, gradients, dx, direction > 0 ? 1 : 0);
      }
      dy = dx;
    }
  }

  private void copyStates(Trip trip, List<Tensor> last, int index, long[] into) {
    var from = trip.states(last, index);
    for (int i = 0; i < from.length; i++) {
      trip.all.get(index).copyOrZero(from[i], into[i], i == 0 ? spec.output() : spec.hidden());
    }
  }

  private void addStates(Trip trip, List<Tensor> initial, int index, long[] from) {
    var into = trip.states(initial, index);
    for (int i = 0; i < into.length; i++) {
      if (into[i] != 0) {
        long width = i == 0 ? spec.output() : spec.hidden();
        CudaKernels.add(trip.stream, spec.type(), from[i], into[i], run.batch() * width);
      }
    }
  }

  /** What the input product and the biases get from the gradients of the sums. */
  private void inputGradients(
      Trip trip,
      Recurrence recurrence,
      int layer,
      Recurrence.Weights own,
      Sequence gradients,
      long dx,
      float beta) {
    long in = spec.inputOf(layer);
    trip.stream.multiply(
        spec.type(),
        true,
        false,
        gates(),
        in,
        rows(),
        new Cublas.Matrices(recurrence.sums(), gates(), trip.input(layer), in, own.input(), in),
        1);
    if (spec.bias()) {
      recurrence.biasGradients(own);
    }
    long to = layer > 0 ? dx : trip.stream.address(gradients.x());
    if (to != 0) {
      trip.stream.multiply(
          spec.type(),
          false,
          false,
          rows(),
          in,
          gates(),
          new Cublas.Matrices(recurrence.sums(), gates(), recurrence.weights.input(), in, to, in),
          layer > 0 ? beta : 1);
    }
  }
}
