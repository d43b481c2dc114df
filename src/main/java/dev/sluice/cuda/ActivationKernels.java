package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;
import static dev.sluice.cuda.Family.length;
import static dev.sluice.cuda.Family.rowsOf;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Activations and their slopes as functions of what they gave: activations.cu. */
final class ActivationKernels {
  private ActivationKernels() {}

  static void register(Map<String, Kernel> all) {
    for (String name : new String[] {"sigmoid", "tanh", "relu"}) {
      all.put(
          name,
          (stream, s, t) ->
              family(stream, t[0]).elements(name, count(t[0]), t[0], t[1], count(t[0])));
      String back = name + "_backward";
      all.put(
          back,
          (stream, s, t) ->
              family(stream, t[0]).elements(back, count(t[0]), t[0], t[1], t[2], count(t[0])));
    }
    all.put("hard_sigmoid", ActivationKernels::hardSigmoid);
    all.put("hard_sigmoid_backward", ActivationKernels::hardSigmoidBackward);
    all.put("softmax", ActivationKernels::softmax);
    all.put("softmax_backward", ActivationKernels::softmaxBackward);
  }

  private static Family family(Stream stream, Tensor like) {
    return Family.of(stream, "activations", like);
  }

  private static void hardSigmoid(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0]).elements("hard_sigmoid", count(t[0]), t[0], t[1], count(t[0]), s[0], s[1]);
  }

  private static void hardSigmoidBackward(Stream stream, double[] s, Tensor... t) {
    family(stream, t[0])
        .elements("hard_sigmoid_backward", count(t[0]), t[0], t[1], t[2], count(t[0]), s[0]);
  }

  private static void softmax(Stream stream, double[] scalars, Tensor... t) {
    int rows = rowsOf(t[0]);
    family(stream, t[0]).rows("softmax", rows, t[0], t[1], (long) rows, length(t[0]));
  }

  private static void softmaxBackward(Stream stream, double[] scalars, Tensor... t) {
    int rows = rowsOf(t[0]);
    family(stream, t[0])
        .rows("softmax_backward", rows, t[0], t[1], t[2], (long) rows, length(t[0]));
  }
}
