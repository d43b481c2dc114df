package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.HashMap;
import java.util.Map;

/** Every kernel of this engine by its name in the parity table. */
final class Kernels {
  private static final Map<String, Kernel> ALL = new HashMap<>();

  static {
    ElementKernels.register(ALL);
    FrameKernels.register(ALL);
    CellKernels.register(ALL);
    StLstmGates.register(ALL);
    GhuGates.register(ALL);
    CausalLstmGates.register(ALL);
    LayerNormKernels.register(ALL);
    PredictionKernels.register(ALL);
    ActivationKernels.register(ALL);
    EmbeddingKernels.register(ALL);
    DropoutKernels.register(ALL);
    LossKernels.register(ALL);
    OptimiserKernels.register(ALL);
  }

  private Kernels() {}

  static Kernel named(String name) {
    var kernel = ALL.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "kernel: expected one of " + ALL.keySet().stream().sorted().toList() + ", got " + name);
    }
    return kernel;
  }

  static Team team(Stream stream) {
    return ((CpuStream) stream).team();
  }

  static int count(Tensor tensor) {
    return Math.toIntExact(tensor.shape().elements());
  }
}
