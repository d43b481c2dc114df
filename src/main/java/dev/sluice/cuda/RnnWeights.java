package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.NativeException;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Where cuDNN keeps each part of our weights: asked of it, since the layout is its own. Our gate
 * order i, f, g, o and r, z, n is that of its numbers; the recurrent gates come after, and then the
 * projection.
 */
final class RnnWeights {
  /**
   * Elements that lie together on both sides.
   *
   * @param tensor index in the spec's list
   * @param from bytes from that tensor's beginning
   * @param to bytes from the beginning of cuDNN's space
   */
  private record Part(int tensor, long from, long to, long elements) {}

  private final RnnSpec spec;
  private final List<Part> parts = new ArrayList<>();

  RnnWeights(Cudnn cudnn, RnnNetwork network, long base) {
    this.spec = network.spec();
    try (var arena = Arena.ofConfined();
        var matrix = RnnDescriptor.tensor(cudnn);
        var bias = RnnDescriptor.tensor(cudnn)) {
      var ask = new Question(cudnn, network, base, matrix, bias, arena);
      for (int strand = 0; strand < spec.layers() * spec.directions(); strand++) {
        ask(ask, strand);
      }
    }
    join();
  }

  private void ask(Question ask, int strand) {
    int gates = spec.kind().gates();
    int first = strand * (spec.weights().size() / (spec.layers() * spec.directions()));
    long in = spec.inputOf(strand / spec.directions());
    for (int gate = 0; gate < gates; gate++) {
      for (int recurrent = 0; recurrent < 2; recurrent++) {
        int tensor = first + recurrent;
        ask.of(strand, recurrent * gates + gate);
        long elements = spec.hidden() * (recurrent == 0 ? in : spec.output());
        add(tensor, gate * elements, ask.matrix(elements), elements);
        if (spec.bias()) {
          add(tensor + 2, (long) gate * spec.hidden(), ask.bias(spec.hidden()), spec.hidden());
        }
      }
    }
    if (spec.projection() > 0) {
      ask.of(strand, 2 * gates);
      long elements = (long) spec.projection() * spec.hidden();
      add(first + (spec.bias() ? 4 : 2), 0, ask.matrix(elements), elements);
    }
  }

  private void add(int tensor, long element, long to, long elements) {
    parts.add(new Part(tensor, element * spec.type().bytes(), to, elements));
  }

  /** Makes one of parts that follow each other on both sides. */
  private void join() {
    parts.sort(Comparator.comparingInt(Part::tensor).thenComparingLong(Part::from));
    var joined = new ArrayList<Part>();
    for (var part : parts) {
      var last = joined.isEmpty() ? null : joined.getLast();
      long bytes = last == null ? 0 : last.elements * spec.type().bytes();
      if (last != null
          && last.tensor == part.tensor
          && last.from + bytes == part.from
          && last.to + bytes == part.to) {
        joined.removeLast();
        part = new Part(last.tensor, last.from, last.to, last.elements + part.elements);
      }
      joined.add(part);
    }
    parts.clear();
    parts.addAll(joined);
  }

  /** Copies our weights, in the spec's order, to cuDNN's layout. */
  void pack(CudaStream stream, long[] weights, long packed) {
    for (var part : parts) {
      long bytes = part.elements * spec.type().bytes();
      stream.copy(weights[part.tensor] + part.from, packed + part.to, bytes);
    }
  }

  /** Adds gradients in cuDNN's layout to ours; those at address 0 are unwanted. */
  void addGradients(CudaStream stream, long packed, long[] gradients) {
    for (var part : parts) {
      if (gradients[part.tensor] != 0) {
        CudaKernels.add(
            stream,
            spec.type(),
            packed + part.to,
            gradients[part.tensor] + part.from,
            part.elements);
      }
    }
  }

  /** The addresses of one gate after the other. */
  private static final class Question {
    private static final int MOST_SIZES = 8;

    private final Cudnn cudnn;
    private final RnnNetwork network;
    private final long base;
    private final RnnDescriptor[] descriptors;
    private final MemorySegment[] addresses;
    private final MemorySegment numbers;
    private final MemorySegment sizes;
    private final MemorySegment strides;
    private String asked;

    Question(
        Cudnn cudnn,
        RnnNetwork network,
        long base,
        RnnDescriptor matrix,
        RnnDescriptor bias,
        Arena arena) {
      this.cudnn = cudnn;
      this.network = network;
      this.base = base;
      this.descriptors = new RnnDescriptor[] {matrix, bias};
      this.addresses =
          new MemorySegment[] {
            arena.allocate(ValueLayout.ADDRESS), arena.allocate(ValueLayout.ADDRESS)
          };
      this.numbers = arena.allocate(ValueLayout.JAVA_INT, 2);
      this.sizes = arena.allocate(ValueLayout.JAVA_INT, MOST_SIZES);
      this.strides = arena.allocate(ValueLayout.JAVA_INT, MOST_SIZES);
    }

    void of(int strand, int gate) {
      asked = "cudnnGetRNNWeightParams(" + strand + ", " + gate + ")";
      cudnn.check(
          asked,
          () ->
              cudnnGetRNNWeightParams(
                  cudnn.handle(),
                  network.handle(),
                  strand,
                  network.weightBytes(),
                  MemorySegment.ofAddress(base),
                  gate,
                  descriptors[0].handle(),
                  addresses[0],
                  descriptors[1].handle(),
                  addresses[1]));
    }

    long matrix(long elements) {
      return offset(0, elements);
    }

    long bias(long elements) {
      return offset(1, elements);
    }

    private long offset(int which, long elements) {
      long address = addresses[which].get(ValueLayout.JAVA_LONG, 0);
      long found = address == 0 ? 0 : elements(descriptors[which]);
      if (found != elements) {
        throw new NativeException(
            asked, 0, "CUDNN_STATUS_SUCCESS", "expected " + elements + " weights, got " + found);
      }
      return address - base;
    }

    private long elements(RnnDescriptor descriptor) {
      cudnn.check(
          "cudnnGetTensorNdDescriptor",
          () ->
              cudnnGetTensorNdDescriptor(
                  descriptor.handle(), MOST_SIZES, numbers, numbers.asSlice(4), sizes, strides));
      long count = 1;
      for (int i = 0; i < numbers.getAtIndex(ValueLayout.JAVA_INT, 1); i++) {
        count *= sizes.getAtIndex(ValueLayout.JAVA_INT, i);
      }
      return count;
    }
  }
}
