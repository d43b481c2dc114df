package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A network as cuDNN knows it, whatever the sequences' length. Its descriptor is set once, so that
 * threads may share it.
 */
final class RnnNetwork implements AutoCloseable {
  /**
   * What a network is made for.
   *
   * @param padded whether sequences end before T
   * @param batch N where the algorithm is compiled for it, else 0
   * @param dropout the probability with which it drops between layers, 0 for none
   */
  record Key(RnnSpec spec, RnnAlgorithm algorithm, boolean padded, int batch, double dropout) {
    static Key of(RnnSpec spec, RnnSpec.Run run, RnnAlgorithm algorithm) {
      boolean compiled = algorithm == RnnAlgorithm.PERSIST_DYNAMIC;
      boolean padded = run.lengths() && !run.packed();
      return new Key(spec, algorithm, padded, compiled ? run.batch() : 0, run.dropout());
    }
  }

  /** Where weights lie depends on these two. */
  private record Layout(RnnSpec spec, RnnAlgorithm algorithm) {}

  private final Key key;
  private final RnnDescriptor descriptor;
  private final long weightBytes;
  private RnnWeights weights;

  /** One that does not drop. */
  RnnNetwork(Cudnn cudnn, MathMode math, Key key) {
    this(cudnn, math, key, MemorySegment.NULL);
  }

  /**
   * @param dropout a descriptor that lives as long
   */
  RnnNetwork(Cudnn cudnn, MathMode math, Key key, MemorySegment dropout) {
    this.key = key;
    this.descriptor = RnnDescriptor.network(cudnn);
    try {
      set(cudnn, math, dropout);
      this.weightBytes = askWeightBytes(cudnn);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void set(Cudnn cudnn, MathMode math, MemorySegment dropout) {
    var spec = key.spec;
    var it = descriptor.handle();
    cudnn.check(
        "cudnnSetRNNDescriptor_v8",
        () ->
            cudnnSetRNNDescriptor_v8(
                it,
                key.algorithm.code(),
                cell(spec.kind()),
                spec.bias() ? CUDNN_RNN_DOUBLE_BIAS() : CUDNN_RNN_NO_BIAS(),
                spec.bidirectional() ? CUDNN_BIDIRECTIONAL() : CUDNN_UNIDIRECTIONAL(),
                CUDNN_LINEAR_INPUT(),
                type(spec.type()),
                spec.type() == DType.FLOAT64 ? CUDNN_DATA_DOUBLE() : CUDNN_DATA_FLOAT(),
                math(spec.type(), math),
                spec.input(),
                spec.hidden(),
                spec.output(),
                spec.layers(),
                dropout,
                key.padded ? CUDNN_RNN_PADDED_IO_ENABLED() : CUDNN_RNN_PADDED_IO_DISABLED()));
    if (spec.clip().active()) {
      double bound = spec.clip().bound();
      cudnn.check(
          "cudnnRNNSetClip_v9",
          () -> cudnnRNNSetClip_v9(it, CUDNN_RNN_CLIP_MINMAX(), -bound, bound));
    }
    if (key.algorithm == RnnAlgorithm.PERSIST_DYNAMIC) {
      cudnn.check(
          "cudnnBuildRNNDynamic", () -> cudnnBuildRNNDynamic(cudnn.handle(), it, key.batch));
    }
  }

  private static int cell(RnnSpec.Kind kind) {
    return switch (kind) {
      case RNN_TANH -> CUDNN_RNN_TANH();
      case RNN_RELU -> CUDNN_RNN_RELU();
      case LSTM -> CUDNN_LSTM();
      case GRU_RESET_AFTER -> CUDNN_GRU();
      case GRU_RESET_BEFORE ->
          throw new IllegalArgumentException("cuDNN's GRU: expected the reset after, got before");
    };
  }

  static int type(DType type) {
    return switch (type) {
      case FLOAT32 -> CUDNN_DATA_FLOAT();
      case FLOAT64 -> CUDNN_DATA_DOUBLE();
      case FLOAT16 -> CUDNN_DATA_HALF();
      case BFLOAT16 -> CUDNN_DATA_BFLOAT16();
      case INT32 ->
          throw new IllegalArgumentException("cuDNN's RNN: expected real numbers, got INT32");
    };
  }

  /** Of cuDNN's math types only FMA forbids TF32. */
  private static int math(DType type, MathMode math) {
    return switch (type) {
      case FLOAT16, BFLOAT16 -> CUDNN_TENSOR_OP_MATH();
      default -> math == MathMode.EXACT ? CUDNN_FMA_MATH() : CUDNN_DEFAULT_MATH();
    };
  }

  private long askWeightBytes(Cudnn cudnn) {
    try (var arena = Arena.ofConfined()) {
      var bytes = arena.allocate(ValueLayout.JAVA_LONG);
      cudnn.check(
          "cudnnGetRNNWeightSpaceSize",
          () -> cudnnGetRNNWeightSpaceSize(cudnn.handle(), descriptor.handle(), bytes));
      return bytes.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  Key key() {
    return key;
  }

  RnnSpec spec() {
    return key.spec;
  }

  RnnAlgorithm algorithm() {
    return key.algorithm;
  }

  MemorySegment handle() {
    return descriptor.handle();
  }

  /** Of all weights in cuDNN's layout, and of their gradients. */
  long weightBytes() {
    return weightBytes;
  }

  Object layout() {
    return new Layout(key.spec, key.algorithm);
  }

  /**
   * {@return where the weights lie; asked once}
   *
   * @param packed an address of {@link #weightBytes}
   */
  synchronized RnnWeights weights(Cudnn cudnn, long packed) {
    if (weights == null) {
      weights = new RnnWeights(cudnn, this, packed);
    }
    return weights;
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
