package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * A recurrent network on cuDNN's own kernels. What cuDNN has no word for is done around them: a
 * sequence of length 0 goes in as one of length 1 and is masked, padding of y becomes zero, and
 * gradients are added to what is there.
 */
final class CudnnRnn implements RnnPlan, AutoCloseable {
  private static final boolean COMPOSED = "composed".equals(System.getProperty("sluice.cuda.rnn"));

  private final RnnNetwork network;
  private final RnnSpec spec;
  private final RnnSpec.Run run;
  private final RnnShape shape;
  private final long workspaceSize;
  private final long reserveSize;

  /**
   * @param cudnn which is asked now; each trip asks its own stream's
   */
  CudnnRnn(Cudnn cudnn, RnnNetwork network, RnnSpec.Run run) {
    this.network = network;
    this.spec = network.spec();
    this.run = run;
    this.shape = new RnnShape(cudnn, spec, run);
    try (var arena = Arena.ofConfined()) {
      var bytes = arena.allocate(ValueLayout.JAVA_LONG, 2);
      cudnn.check(
          "cudnnGetRNNTempSpaceSizes",
          () ->
              cudnnGetRNNTempSpaceSizes(
                  cudnn.handle(), network.handle(), mode(), shape.x(), bytes, bytes.asSlice(8)));
      this.workspaceSize = bytes.getAtIndex(ValueLayout.JAVA_LONG, 0);
      this.reserveSize = bytes.getAtIndex(ValueLayout.JAVA_LONG, 1);
    } catch (RuntimeException e) {
      shape.close();
      throw e;
    }
  }

  /** Whether cuDNN computes this function; an engine composes the others. */
  static boolean takes(RnnSpec spec) {
    boolean clips = !spec.clip().active() || spec.clip().mode() == RnnSpec.CellClip.Mode.READ;
    return !COMPOSED
        && spec.type() == DType.FLOAT32
        && spec.kind() != RnnSpec.Kind.GRU_RESET_BEFORE
        && spec.blend() == RnnSpec.Blend.KEEP
        && !spec.peephole()
        && spec.forgetBias() == 0
        && spec.projection() < spec.hidden()
        && clips;
  }

  private int mode() {
    return run.training() ? CUDNN_FWD_MODE_TRAINING() : CUDNN_FWD_MODE_INFERENCE();
  }

  RnnAlgorithm algorithm() {
    return network.algorithm();
  }

  @Override
  public Object layout() {
    return network.layout();
  }

  @Override
  public long packedBytes() {
    return network.weightBytes();
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cuda = (CudaStream) stream;
    var from = addresses(cuda, weights);
    long to = cuda.address(packed);
    var addresses = Addresses.of(cuda, packed).add(weights);
    cuda.repeat(new Work(this, Trip.PACK, addresses, null), () -> pack(cuda, from, to));
  }

  /** On addresses. */
  void pack(CudaStream stream, long[] weights, long packed) {
    network.weights(stream.cudnn(), packed).pack(stream, weights, packed);
  }

  private static long[] addresses(CudaStream stream, List<Tensor> tensors) {
    return tensors.stream().mapToLong(stream::address).toArray();
  }

  private long elements(int width) {
    return (long) run.steps() * run.batch() * width;
  }

  private long bytes(long elements) {
    return elements * spec.type().bytes();
  }

  private int outputs() {
    return spec.directions() * spec.output();
  }

  /** cuDNN's own, and with lengths x and y as cuDNN had them, should one be 0. */
  private long[] kept() {
    return new long[] {
      reserveSize,
      run.lengths() ? bytes(elements(spec.input())) : 0,
      run.lengths() ? bytes(elements(outputs())) : 0
    };
  }

  @Override
  public long reserveBytes() {
    return run.training() ? Arrays.stream(kept()).map(Scratch::aligned).sum() : 0;
  }

  private long[] cut(long base) {
    var at = kept();
    for (int i = 0; i < at.length; i++) {
      long size = at[i];
      at[i] = base;
      base += Scratch.aligned(size);
    }
    return at;
  }

  /**
   * Where the tensors of a sequence lie; 0 for none.
   *
   * @param ends the lengths, or null
   */
  record Places(long x, long lengths, long[] initial, long y, long[] last, int[] ends) {
    static Places of(CudaStream stream, RnnSpec spec, Sequence tensors, int[] ends) {
      int states = spec.kind().states();
      return new Places(
          stream.address(tensors.x()),
          stream.address(tensors.lengths()),
          states(stream, tensors.initial(), states),
          stream.address(tensors.y()),
          states(stream, tensors.last(), states),
          ends);
    }

    private static long[] states(CudaStream stream, List<Tensor> tensors, int count) {
      return tensors == null ? new long[count] : addresses(stream, tensors);
    }

    /** Whether a sequence is empty, which cuDNN refuses. */
    boolean empty() {
      return ends != null && Arrays.stream(ends).anyMatch(end -> end == 0);
    }

    /** The lengths that cuDNN is told. */
    int[] told() {
      return ends == null ? null : Arrays.stream(ends).map(end -> Math.max(1, end)).toArray();
    }

    /** Those on the device, for cuDNN to compare; none where it is told others. */
    MemorySegment compared() {
      return MemorySegment.ofAddress(empty() ? 0 : lengths);
    }
  }

  /** The lengths, or null; where the sequence does not say them the device is waited for. */
  private static int[] ends(CudaStream stream, Sequence values) {
    if (values.lengths() == null || values.ends() != null) {
      return values.ends();
    }
    var ends = new int[values.lengths().shape().size(0)];
    stream.download(
        stream.address(values.lengths()), MemorySegment.ofArray(ends), 4L * ends.length);
    return ends;
  }

  private enum Trip {
    PACK,
    FORWARD,
    BACKWARD
  }

  /** What a captured trip is known by. */
  private record Work(CudnnRnn plan, Trip trip, Addresses addresses, List<Integer> ends) {
    static Work of(CudnnRnn plan, Trip trip, Addresses addresses, Places values) {
      return new Work(
          plan,
          trip,
          addresses,
          values.ends == null ? null : Arrays.stream(values.ends).boxed().toList());
    }
  }

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var cuda = (CudaStream) stream;
    var places = Places.of(cuda, spec, values, ends(cuda, values));
    var addresses = Addresses.of(cuda, packed, reserve).add(values);
    cuda.repeat(
        Work.of(this, Trip.FORWARD, addresses, places),
        () -> forward(cuda, cuda.address(packed), places, cuda.address(reserve)));
  }

  /** On addresses. */
  void forward(CudaStream stream, long packed, Places values, long reserve) {
    shape.with(values.told(), () -> enqueue(stream, packed, values, reserve));
  }

  private void enqueue(CudaStream stream, long packed, Places values, long reserve) {
    boolean own = !run.training();
    var scratch =
        stream.planScratch(
            workspaceSize,
            own ? kept()[1] : 0,
            own ? kept()[2] : 0,
            bytes((long) run.batch() * spec.hidden()),
            bytes((long) run.batch() * spec.hidden()));
    var kept = own ? scratch : cut(reserve);
    long x = values.empty() ? kept[1] : values.x;
    long y = values.empty() ? kept[2] : values.y;
    if (values.empty()) {
      mask(stream, values, values.x, x, spec.input());
    }
    var states = new States(values.initial, values.last);
    stream
        .cudnn()
        .check(
            "cudnnRNNForward",
            () ->
                cudnnRNNForward(
                    stream.cudnn().handle(),
                    network.handle(),
                    mode(),
                    values.compared(),
                    shape.x(),
                    at(x),
                    shape.y(),
                    at(y),
                    shape.h(),
                    states.h(0),
                    states.h(1),
                    shape.c(),
                    states.c(0),
                    states.c(1),
                    network.weightBytes(),
                    at(packed),
                    workspaceSize,
                    at(scratch[0]),
                    own ? 0 : reserveSize,
                    own ? MemorySegment.NULL : at(kept[0])));
    if (run.lengths()) {
      mask(stream, values, y, values.y, outputs());
    }
    if (values.empty()) {
      keepInitial(stream, values, scratch[3], scratch[4]);
    }
  }

  /** Device addresses of h and c in several roles, c NULL where there is none. */
  private record States(long[]... roles) {
    MemorySegment h(int role) {
      return at(roles[role][0]);
    }

    MemorySegment c(int role) {
      return at(roles[role].length > 1 ? roles[role][1] : 0);
    }
  }

  private static MemorySegment at(long address) {
    return MemorySegment.ofAddress(address);
  }

  /** Zero past the ends; in place if both are one. */
  private void mask(CudaStream stream, Places values, long from, long to, int width) {
    stream.launch(
        "sequence",
        "mask_rows" + CudaStream.suffix(spec.type()),
        Grid.of(elements(width)),
        from,
        to,
        values.lengths,
        run.steps(),
        run.batch(),
        width);
  }

  private int width(int state) {
    return state == 0 ? spec.output() : spec.hidden();
  }

  private interface Strand {
    void at(int state, int width, long offset);
  }

  /** Each state of each layer and direction, with its place among those of all. */
  private void eachStrand(Strand strand) {
    for (int state = 0; state < spec.kind().states(); state++) {
      long size = bytes((long) run.batch() * width(state));
      for (int i = 0; i < spec.layers() * spec.directions(); i++) {
        strand.at(state, width(state), i * size);
      }
    }
  }

  /** The last states of empty sequences are their initial ones. */
  private void keepInitial(CudaStream stream, Places values, long zeros, long unused) {
    stream.zero(zeros, bytes((long) run.batch() * spec.hidden()));
    eachStrand(
        (state, width, offset) -> {
          long from = values.initial[state];
          if (values.last[state] != 0) {
            stream.launch(
                "sequence",
                "project_forward" + CudaStream.suffix(spec.type()),
                Grid.of((long) run.batch() * width),
                values.last[state] + offset,
                from == 0 ? zeros : from + offset,
                unused,
                (long) width,
                values.lengths,
                0,
                run.batch(),
                width);
          }
        });
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
    var places = Places.of(cuda, spec, values, ends(cuda, values));
    var into = Places.of(cuda, spec, gradients, null);
    var addresses = Addresses.of(cuda, packed, reserve).add(values).add(gradients).add(weights);
    var sums = addresses(cuda, weights);
    cuda.repeat(
        Work.of(this, Trip.BACKWARD, addresses, places),
        () -> backward(cuda, cuda.address(packed), places, into, sums, cuda.address(reserve)));
  }

  /** On addresses. */
  void backward(
      CudaStream stream,
      long packed,
      Places values,
      Places gradients,
      long[] weights,
      long reserve) {
    shape.with(
        values.told(), () -> new Back(stream, packed, values, gradients, reserve).enqueue(weights));
  }

  private long stateBytes(int state) {
    int strands = spec.layers() * spec.directions();
    return bytes((long) strands * run.batch() * width(state));
  }

  /** One way back, laid out over scratch memory. */
  private final class Back {
    private final CudaStream stream;
    private final long packed;
    private final Places values;
    private final Places gradients;
    private final long[] kept;
    private final long x;
    private final long y;
    private final long workspaceAt;
    private final long weightsAt;
    private final long dx;
    private final long dyCopy;

    /** For each state: what cuDNN gives, what it gets, what passes it by. */
    private final long[] initial = new long[spec.kind().states()];

    private final long[] last = new long[initial.length];
    private final long[] past = new long[initial.length];

    Back(CudaStream stream, long packed, Places values, Places gradients, long reserve) {
      this.stream = stream;
      this.packed = packed;
      this.values = values;
      this.gradients = gradients;
      this.kept = cut(reserve);
      this.x = values.empty() ? kept[1] : values.x;
      this.y = values.empty() ? kept[2] : values.y;
      var at = stream.planScratch(sizes(gradients.y == 0 || values.empty()));
      this.workspaceAt = at[0];
      this.weightsAt = at[1];
      this.dx = at[2];
      this.dyCopy = at[3];
      for (int i = 0; i < initial.length; i++) {
        initial[i] = gradients.initial[i] == 0 ? 0 : at[4 + 3 * i];
        last[i] = at[5 + 3 * i];
        past[i] = at[6 + 3 * i];
      }
    }

    private long[] sizes(boolean ownGradient) {
      var sizes = new long[4 + 3 * initial.length];
      sizes[0] = workspaceSize;
      sizes[1] = network.weightBytes();
      sizes[2] = bytes(elements(spec.input()));
      sizes[3] = ownGradient ? bytes(elements(outputs())) : 0;
      for (int state = 0; state < initial.length; state++) {
        sizes[4 + 3 * state] = stateBytes(state);
        sizes[5 + 3 * state] = run.lengths() ? stateBytes(state) : 0;
        sizes[6 + 3 * state] = run.lengths() ? stateBytes(state) : 0;
      }
      return sizes;
    }

    void enqueue(long[] weights) {
      long dy = outputGradient();
      splitLast();
      data(dy);
      addStates();
      if (gradients.x != 0) {
        if (run.lengths()) {
          mask(stream, values, dx, dx, spec.input());
        }
        CudaKernels.add(stream, spec.type(), dx, gradients.x, elements(spec.input()));
      }
      weights();
      network.weights(stream.cudnn(), packed).addGradients(stream, weightsAt, weights);
    }

    /** cuDNN needs one, and one that is zero where a sequence is empty. */
    private long outputGradient() {
      if (gradients.y == 0) {
        stream.zero(dyCopy, bytes(elements(outputs())));
        return dyCopy;
      }
      if (values.empty()) {
        mask(stream, values, gradients.y, dyCopy, outputs());
        return dyCopy;
      }
      return gradients.y;
    }

    /** The gradients of empty sequences' last states are those of the initial ones. */
    private void splitLast() {
      for (int state = 0; state < last.length; state++) {
        if (!values.empty() || gradients.last[state] == 0) {
          last[state] = gradients.last[state];
          past[state] = 0;
        } else {
          stream.copy(gradients.last[state], past[state], stateBytes(state));
        }
      }
      eachStrand(
          (state, width, offset) -> {
            if (past[state] != 0) {
              stream.launch(
                  "sequence",
                  "project_backward" + CudaStream.suffix(spec.type()),
                  Grid.of((long) run.batch() * width),
                  past[state] + offset,
                  0L,
                  0L,
                  last[state] + offset,
                  values.lengths,
                  0,
                  run.batch(),
                  width);
            }
          });
    }

    private void data(long dy) {
      var states = new States(values.initial, last, initial);
      var cudnn = stream.cudnn();
      cudnn.check(
          "cudnnRNNBackwardData_v8",
          () ->
              cudnnRNNBackwardData_v8(
                  cudnn.handle(),
                  network.handle(),
                  values.compared(),
                  shape.y(),
                  at(y),
                  at(dy),
                  shape.x(),
                  at(dx),
                  shape.h(),
                  states.h(0),
                  states.h(1),
                  states.h(2),
                  shape.c(),
                  states.c(0),
                  states.c(1),
                  states.c(2),
                  network.weightBytes(),
                  at(packed),
                  workspaceSize,
                  at(workspaceAt),
                  reserveSize,
                  at(kept[0])));
    }

    private void addStates() {
      for (int state = 0; state < initial.length; state++) {
        if (initial[state] != 0) {
          long count = stateBytes(state) / spec.type().bytes();
          CudaKernels.add(stream, spec.type(), initial[state], gradients.initial[state], count);
          if (past[state] != 0) {
            CudaKernels.add(stream, spec.type(), past[state], gradients.initial[state], count);
          }
        }
      }
    }

    /** cuDNN adds, to zeros here: where our gradients lie is not its layout. */
    private void weights() {
      stream.zero(weightsAt, network.weightBytes());
      var cudnn = stream.cudnn();
      cudnn.check(
          "cudnnRNNBackwardWeights_v8",
          () ->
              cudnnRNNBackwardWeights_v8(
                  cudnn.handle(),
                  network.handle(),
                  CUDNN_WGRAD_MODE_ADD(),
                  values.compared(),
                  shape.x(),
                  at(x),
                  shape.h(),
                  at(values.initial[0]),
                  shape.y(),
                  at(y),
                  network.weightBytes(),
                  at(weightsAt),
                  workspaceSize,
                  at(workspaceAt),
                  reserveSize,
                  at(kept[0])));
    }
  }

  @Override
  public void close() {
    shape.close();
  }
}
