package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntFunction;

/** A descriptor of cuDNN's RNN API, made and destroyed; it is set by whoever made it. */
final class RnnDescriptor implements AutoCloseable {
  private final Cudnn cudnn;
  private final String kind;
  private final ToIntFunction<MemorySegment> destroy;
  private final MemorySegment handle;

  private RnnDescriptor(
      Cudnn cudnn,
      String kind,
      ToIntFunction<MemorySegment> create,
      ToIntFunction<MemorySegment> destroy) {
    this.cudnn = cudnn;
    this.kind = kind;
    this.destroy = destroy;
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      cudnn.check("cudnnCreate" + kind, () -> create.applyAsInt(out));
      this.handle = out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /** What a network is like. */
  static RnnDescriptor network(Cudnn cudnn) {
    return new RnnDescriptor(
        cudnn,
        "RNNDescriptor",
        out -> cudnnCreateRNNDescriptor(out),
        it -> cudnnDestroyRNNDescriptor(it));
  }

  /** What x or y is like. */
  static RnnDescriptor sequence(Cudnn cudnn) {
    return new RnnDescriptor(
        cudnn,
        "RNNDataDescriptor",
        out -> cudnnCreateRNNDataDescriptor(out),
        it -> cudnnDestroyRNNDataDescriptor(it));
  }

  /** What a state or a weight is like. */
  static RnnDescriptor tensor(Cudnn cudnn) {
    return new RnnDescriptor(
        cudnn,
        "TensorDescriptor",
        out -> cudnnCreateTensorDescriptor(out),
        it -> cudnnDestroyTensorDescriptor(it));
  }

  /** How a network drops. */
  static RnnDescriptor dropout(Cudnn cudnn) {
    return new RnnDescriptor(
        cudnn,
        "DropoutDescriptor",
        out -> cudnnCreateDropoutDescriptor(out),
        it -> cudnnDestroyDropoutDescriptor(it));
  }

  MemorySegment handle() {
    return handle;
  }

  /** On a lost device it is left alone. */
  @Override
  public void close() {
    cudnn.free("cudnnDestroy" + kind, () -> destroy.applyAsInt(handle));
  }
}
