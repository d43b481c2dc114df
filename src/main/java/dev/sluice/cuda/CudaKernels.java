package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.spi.Kernel;
import java.util.HashMap;
import java.util.Map;

/** Every kernel of this engine by its name in the parity table. */
final class CudaKernels {
  private static final Map<String, Kernel> ALL = new HashMap<>();

  static {
    ElementKernels.register(ALL);
    FrameKernels.register(ALL);
    CellKernels.register(ALL);
    StLstmKernels.register(ALL);
    CausalLstmKernels.register(ALL);
    LayerNormKernels.register(ALL);
    PredictionKernels.register(ALL);
    ActivationKernels.register(ALL);
    EmbeddingKernels.register(ALL);
    DropoutKernels.register(ALL);
    LossKernels.register(ALL);
    OptimiserKernels.register(ALL);
  }

  private CudaKernels() {}

  static Kernel named(String name) {
    var kernel = ALL.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "kernel: expected one of " + ALL.keySet().stream().sorted().toList() + ", got " + name);
    }
    return kernel;
  }

  /** {@code to (+)= from} with other axes, for plans, which work on addresses. */
  static void permute(
      CudaStream stream, DType type, int[] axes, long[] sizes, long from, long to, boolean add) {
    FrameKernels.permute(stream, type, axes, sizes, from, to, add);
  }

  /** {@code to += from}, for plans, which work on addresses. */
  static void add(CudaStream stream, DType type, long from, long to, long count) {
    elements(stream, type).elements("add", count, from, to, count);
  }

  /** {@code to = from}, float32 rounded to halves. */
  static void narrow(CudaStream stream, DType half, long from, long to, long count) {
    elements(stream, half).elements("narrow", count, from, to, count);
  }

  /** {@code to (+)= from}, halves to float32. */
  static void widen(CudaStream stream, DType half, long from, long to, long count, boolean add) {
    elements(stream, half).elements("widen", count, from, to, count, Family.flag(add));
  }

  private static Family elements(CudaStream stream, DType type) {
    return new Family(stream, "elements", CudaStream.suffix(type));
  }
}
