package dev.sluice.train;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.nn.GateProbe;
import dev.sluice.nn.Parameter;
import dev.sluice.spi.Backend;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Clipping, after gradients are complete and before the optimiser's step. */
public final class Gradients {
  private Gradients() {}

  interface Work {
    void on(Backend backend, Stream stream);
  }

  /** Enqueues work on parameters on the thread's stream, in order with all others. */
  static void all(List<Parameter> parameters, Work work) {
    if (parameters.isEmpty()) {
      return;
    }
    Device device = parameters.getFirst().value().arena().device();
    var stream = device.takeStream();
    try {
      device.streams().afterAll(stream);
      work.on(device.backend(), stream);
      device.streams().publish(stream);
    } finally {
      device.giveBack(stream);
    }
  }

  /**
   * Scales all gradients by min(1, max / (norm + 1e-6)), norm the Euclidean norm over all of them
   * together, as PyTorch's clip_grad_norm_.
   *
   * @param parameters whose gradients are scaled
   * @param max the norm that is not exceeded
   * @return the norm before; NaN or infinite where a gradient is, and then nothing is scaled
   */
  public static double clipNorm(List<Parameter> parameters, double max) {
    return clip(parameters, "sum_squares", max);
  }

  /**
   * As {@link #clipNorm}, with the largest magnitude in place of the Euclidean norm.
   *
   * @param parameters whose gradients are scaled
   * @param max the norm that is not exceeded
   * @return the norm before
   */
  public static double clipMaxNorm(List<Parameter> parameters, double max) {
    return clip(parameters, "max_abs", max);
  }

  /** Forgets all gradients. */
  static void zero(List<Parameter> parameters) {
    each(parameters, "fill", 0);
  }

  static void scale(List<Parameter> parameters, double factor) {
    if (factor != 1) {
      each(parameters, "scale", factor);
    }
  }

  /** One kernel on every gradient. */
  private static void each(List<Parameter> parameters, String kernel, double... scalars) {
    all(
        parameters,
        (backend, stream) ->
            backend.kernel(kernel).each(stream, scalars, sets(parameters, gradients(parameters))));
  }

  /** A set of tensors for each parameter. */
  static List<Tensor[]> sets(List<Parameter> parameters, IntFunction<Tensor[]> set) {
    return IntStream.range(0, parameters.size()).mapToObj(set).toList();
  }

  /** Each gradient, and what all of them go with. */
  static IntFunction<Tensor[]> gradients(List<Parameter> parameters, Tensor... with) {
    return i -> {
      var set = new Tensor[1 + with.length];
      set[0] = parameters.get(i).gradient();
      System.arraycopy(with, 0, set, 1, with.length);
      return set;
    };
  }

  private static double clip(List<Parameter> parameters, String kernel, double max) {
    if (!(max > 0)) {
      throw new IllegalArgumentException("clip: expected a norm > 0, got " + max);
    }
    if (parameters.isEmpty()) {
      return 0;
    }
    double norm = norm(parameters, kernel);
    double factor = max / (norm + 1e-6);
    if (factor < 1 && Double.isFinite(norm)) {
      scale(parameters, factor);
    }
    return norm;
  }

  private static double norm(List<Parameter> parameters, String kernel) {
    var device = parameters.getFirst().value().arena().device();
    var type = parameters.getFirst().value().type();
    try (var arena = device.arena("a gradient norm")) {
      var sum = arena.zeros(sums(type), Shape.of(1));
      all(
          parameters,
          (backend, stream) ->
              backend
                  .kernel(kernel)
                  .each(stream, new double[0], sets(parameters, gradients(parameters, sum))));
      double value = sum.doubles()[0];
      return kernel.equals("sum_squares") ? Math.sqrt(value) : value;
    }
  }

  /** {@return what sums over elements of a type are kept in} */
  static DType sums(DType type) {
    return type == DType.FLOAT64 ? type : DType.FLOAT32;
  }

  /**
   * Bounds every element of every gradient.
   *
   * @param parameters whose gradients are bounded
   * @param bound the largest magnitude
   */
  public static void clipValue(List<Parameter> parameters, double bound) {
    if (!(bound > 0)) {
      throw new IllegalArgumentException("clip: expected a bound > 0, got " + bound);
    }
    each(parameters, "clamp", bound);
  }

  /**
   * {@return where the first gradient is that is NaN or infinite, by its parameter's name and
   * index; nothing if all are finite}
   *
   * @param parameters in the order of the search
   */
  public static Optional<String> firstNonFinite(List<Parameter> parameters) {
    return parameters.stream()
        .flatMap(p -> GateProbe.find("gradient of " + p.name(), p.gradient()).stream())
        .findFirst();
  }
}
