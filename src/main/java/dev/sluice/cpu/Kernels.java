package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Every kernel of this engine by its name in the parity table. */
final class Kernels {
  private static final Map<String, Kernel> ALL = new HashMap<>();

  /** Kernels that do all they do in loops of the team; one without that is a whole. */
  private static final Set<String> LOOPS =
      Set.of(
          "add_bias",
          "sigmoid",
          "tanh",
          "relu",
          "hard_sigmoid",
          "softmax",
          "conv_lstm",
          "gru_reset",
          "gru_blend",
          "gru_reset_backward",
          "gru_blend_backward",
          "st_lstm_memory",
          "st_lstm_output",
          "st_lstm_memory_backward",
          "st_lstm_output_backward",
          "causal_lstm_memory",
          "causal_lstm_cell",
          "causal_lstm_output",
          "causal_lstm_memory_backward",
          "causal_lstm_cell_backward",
          "causal_lstm_output_backward",
          "ghu",
          "ghu_backward",
          "layer_norm");

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
    ALL.replaceAll((name, kernel) -> LOOPS.contains(name) ? kernel : whole(kernel));
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

  private static Kernel whole(Kernel kernel) {
    return (stream, scalars, tensors) -> {
      var tape = ((CpuStream) stream).tape();
      if (tape.records()) {
        tape.add(() -> kernel.run(stream, scalars, tensors));
      } else {
        kernel.run(stream, scalars, tensors);
      }
    };
  }

  static Team team(Stream stream) {
    return ((CpuStream) stream).team();
  }

  static int count(Tensor tensor) {
    return Math.toIntExact(tensor.shape().elements());
  }
}
