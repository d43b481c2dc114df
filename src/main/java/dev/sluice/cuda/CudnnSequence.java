package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A recurrent network on cuDNN's own kernels. What cuDNN has no word for is done around them: a
 * sequence of length 0 goes in as one of length 1 and is masked, padding of y becomes zero, and
 * gradients are added to what is there.
 */
final class CudnnSequence implements RnnWork {
  final RnnNetwork network;
  final RnnSizes sizes;
  final RnnShape shape;
  final long workspaceSize;
  final long reserveSize;
  private final RnnSpec.Run run;

  /**
   * @param cudnn which is asked now; each trip asks its own stream's
   */
  CudnnSequence(Cudnn cudnn, RnnNetwork network, RnnSpec.Run run) {
    this.network = network;
    this.run = run;
    this.sizes = new RnnSizes(network.spec(), run);
    this.shape = new RnnShape(cudnn, network.spec(), run);
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

  /** The network with a stream's own random numbers, if it has any. */
  RnnNetwork on(CudaStream stream) {
    return run.dropout() > 0 ? stream.dropout().network(network.key()) : network;
  }

  private int mode() {
    return run.training() ? CUDNN_FWD_MODE_TRAINING() : CUDNN_FWD_MODE_INFERENCE();
  }

  @Override
  public RnnAlgorithm algorithm() {
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
  public void pack(CudaStream stream, long[] weights, long packed) {
    network.weights(stream.cudnn(), packed).pack(stream, weights, packed);
  }

  /** cuDNN's own, and with lengths x and y as cuDNN had them, should one be 0. */
  private long[] kept() {
    return new long[] {
      reserveSize,
      sizes.padded() ? sizes.sequenceBytes(network.spec().input()) : 0,
      sizes.padded() ? sizes.sequenceBytes(sizes.outputs()) : 0
    };
  }

  @Override
  public long reserveBytes() {
    return run.training() ? Scratch.total(kept()) : 0;
  }

  /** Where the parts of a reserve are. */
  long[] cut(long reserve) {
    return Scratch.cut(reserve, kept());
  }

  @Override
  public void forward(CudaStream stream, long packed, RnnPlaces values, long reserve) {
    shape.with(values.told(), () -> enqueue(stream, packed, values, reserve));
  }

  private void enqueue(CudaStream stream, long packed, RnnPlaces values, long reserve) {
    boolean own = !run.training();
    long strand = sizes.strandBytes(network.spec().hidden());
    var scratch =
        stream.planScratch(workspaceSize, own ? kept()[1] : 0, own ? kept()[2] : 0, strand, strand);
    var kept = own ? scratch : cut(reserve);
    long x = values.empty() ? kept[1] : values.x();
    long y = values.empty() ? kept[2] : values.y();
    var ends = new RnnEnds(stream, sizes, values.lengths());
    if (values.empty()) {
      ends.mask(values.x(), x, network.spec().input());
    }
    var states = new States(values.initial(), values.last());
    var cudnn = stream.cudnn();
    var descriptor = on(stream).handle();
    cudnn.check(
        "cudnnRNNForward",
        () ->
            cudnnRNNForward(
                cudnn.handle(),
                descriptor,
                mode(),
                at(values.compared()),
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
    if (sizes.padded()) {
      ends.mask(y, values.y(), sizes.outputs());
    }
    if (values.empty()) {
      ends.keepInitial(values, scratch[3], scratch[4]);
    }
  }

  /** Device addresses of h and c in several roles, c NULL where there is none. */
  record States(long[]... roles) {
    MemorySegment h(int role) {
      return at(roles[role][0]);
    }

    MemorySegment c(int role) {
      return at(roles[role].length > 1 ? roles[role][1] : 0);
    }
  }

  static MemorySegment at(long address) {
    return MemorySegment.ofAddress(address);
  }

  @Override
  public void backward(
      CudaStream stream,
      long packed,
      RnnPlaces values,
      RnnPlaces gradients,
      long[] weights,
      long reserve) {
    shape.with(
        values.told(),
        () -> new CudnnBackward(this, stream, packed, values, gradients, reserve).enqueue(weights));
  }

  @Override
  public void close() {
    shape.close();
  }
}
