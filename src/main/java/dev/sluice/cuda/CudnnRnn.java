package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A recurrent network on cuDNN for tensors: each trip is captured once and then launched. */
final class CudnnRnn implements RnnPlan, AutoCloseable {
  private static final boolean COMPOSED = "composed".equals(System.getProperty("sluice.cuda.rnn"));

  private final RnnSpec spec;
  private final RnnSpec.Run run;
  private final RnnWork work;

  /**
   * @param work closed with this
   */
  CudnnRnn(RnnSpec spec, RnnSpec.Run run, RnnWork work) {
    this.spec = spec;
    this.run = run;
    this.work = work;
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

  RnnAlgorithm algorithm() {
    return work.algorithm();
  }

  @Override
  public boolean packed() {
    return run.packed();
  }

  @Override
  public boolean drops() {
    return run.dropout() > 0;
  }

  @Override
  public Object layout() {
    return work.layout();
  }

  @Override
  public long packedBytes() {
    return work.packedBytes();
  }

  @Override
  public long reserveBytes() {
    return work.reserveBytes();
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cuda = (CudaStream) stream;
    var from = cuda.addresses(weights);
    long to = cuda.address(packed);
    var addresses = Addresses.of(cuda, packed).add(weights);
    cuda.repeat(new Trip(work, Way.PACK, addresses, null), () -> work.pack(cuda, from, to));
  }

  private enum Way {
    PACK,
    FORWARD,
    BACKWARD
  }

  /** What a captured trip is known by. */
  private record Trip(RnnWork work, Way way, Addresses addresses, List<Integer> ends) {
    static Trip of(RnnWork work, Way way, Addresses addresses, int[] ends) {
      return new Trip(
          work, way, addresses, ends == null ? null : Arrays.stream(ends).boxed().toList());
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

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var cuda = (CudaStream) stream;
    var places = RnnPlaces.of(cuda, spec, values, ends(cuda, values));
    var addresses = Addresses.of(cuda, packed, reserve).add(values);
    cuda.repeat(
        Trip.of(work, Way.FORWARD, addresses, places.ends()),
        () -> work.forward(cuda, cuda.address(packed), places, cuda.address(reserve)));
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
    var places = RnnPlaces.of(cuda, spec, values, ends(cuda, values));
    var into = RnnPlaces.of(cuda, spec, gradients, null);
    var addresses = Addresses.of(cuda, packed, reserve).add(values).add(gradients).add(weights);
    var sums = cuda.addresses(weights);
    cuda.repeat(
        Trip.of(work, Way.BACKWARD, addresses, places.ends()),
        () -> work.backward(cuda, cuda.address(packed), places, into, sums, cuda.address(reserve)));
  }

  @Override
  public void close() {
    work.close();
  }
}
