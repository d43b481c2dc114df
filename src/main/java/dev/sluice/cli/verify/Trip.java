package dev.sluice.cli.verify;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * One run of a case: inputs come from its file; outputs are compared at once and add to the loss;
 * {@link #backward} compares every gradient. In inference nothing goes back.
 */
final class Trip implements AutoCloseable {
  private final Case subject;
  private final Judge judge;
  private final DType type;
  private final DeviceArena arena;
  private final Pass pass;
  private final List<Input> inputs = new ArrayList<>();
  private Weights weights;
  private double loss;

  private record Input(String name, Tensor tensor, Axes axes) {}

  Trip(Case subject, Judge judge, Device device, DType type, boolean training) {
    this.subject = subject;
    this.judge = judge;
    this.type = type;
    this.arena = device.arena("the parameters of a case");
    this.pass = training ? Pass.training(device) : Pass.inference(device);
  }

  Case subject() {
    return subject;
  }

  Config config() {
    return subject.config();
  }

  Judge judge() {
    return judge;
  }

  DType type() {
    return type;
  }

  /** Where parameters live. */
  DeviceArena arena() {
    return arena;
  }

  Pass pass() {
    return pass;
  }

  /** The case's parameters; those that no layer takes are a failure. */
  Weights weights() {
    return weights(Map.of());
  }

  /**
   * The case's parameters and more.
   *
   * @param more parameters that the library has and the case does not, zero for a bias, say
   */
  Weights weights(Map<String, HostTensor> more) {
    weights = subject.weights(more);
    return weights;
  }

  /** A tensor {@code in.name}, whose gradient is compared; null if the case has none. */
  Tensor input(String name, Axes axes) {
    if (!subject.has("in." + name)) {
      return null;
    }
    var tensor = pass.watch(constant("in." + name, axes));
    inputs.add(new Input("in." + name, tensor, axes));
    return tensor;
  }

  /** A tensor of the case in the run's type. */
  Tensor constant(String fullName, Axes axes) {
    var shape = subject.shape(fullName);
    return tensor(axes.toLibrary(shape), axes.toLibrary(subject.values(fullName), shape));
  }

  Tensor tensor(Shape shape, double[] values) {
    return pass.empty(type, shape).set(values);
  }

  /** The lengths of the sequences, or null where all are as long. */
  int[] lengths() {
    if (subject.has("in.lengths")) {
      return subject.ints("in.lengths");
    }
    return config().has("lengths")
        ? config().list("lengths").stream().mapToInt(l -> ((Number) l).intValue()).toArray()
        : null;
  }

  /**
   * Compares {@code out.name} and puts {@code lossw.name} into its gradient.
   *
   * @param parts the output, cut along the library's outermost axis
   */
  void output(String name, Axes axes, Tensor... parts) {
    boolean expected = subject.has("out." + name);
    boolean weighs = subject.has("lossw." + name);
    if (!expected && !weighs) {
      return;
    }
    var shape = subject.shape((expected ? "out." : "lossw.") + name);
    var got = List.of(parts).stream().map(Tensor::doubles).flatMapToDouble(Arrays::stream);
    double[] values = got.toArray();
    if (values.length != shape.elements()) {
      throw new IllegalArgumentException(
          "out.%s: expected %s, got %d elements".formatted(name, shape, values.length));
    }
    values = axes.toCase(values, shape);
    if (expected) {
      judge.output("out." + name, values);
    }
    if (weighs && pass.training()) {
      weigh(subject.values("lossw." + name), values, shape, axes, parts);
    }
  }

  private void weigh(double[] weight, double[] values, Shape shape, Axes axes, Tensor... parts) {
    loss += IntStream.range(0, weight.length).mapToDouble(i -> weight[i] * values[i]).sum();
    double[] gradient = axes.toLibrary(weight, shape);
    int at = 0;
    for (var part : parts) {
      int n = Math.toIntExact(part.shape().elements());
      add(part, Arrays.copyOfRange(gradient, at, at + n));
      at += n;
    }
  }

  private void add(Tensor output, double[] more) {
    var gradient = pass.gradient(output);
    double[] sum = gradient.doubles();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += more[i];
    }
    gradient.set(sum);
  }

  /** Adds a loss that a layer computed, [1], times a factor. */
  void loss(Tensor computed, double factor) {
    loss += factor * computed.doubles()[0];
    if (pass.training()) {
      add(computed, new double[] {factor});
    }
  }

  /** Multiplies a tensor by numbers of the case, element by element. */
  Tensor scaled(Tensor x, double[] factors) {
    var y = pass.watch(tensor(x.shape(), product(x.doubles(), factors)));
    pass.record(
        () -> {
          if (pass.arrived(y) != null && pass.wants(x)) {
            add(x, product(pass.gradient(y).doubles(), factors));
          }
        });
    return y;
  }

  private static double[] product(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).toArray();
  }

  /** {@link #backward(Map)} with layers whose parameters are named as in the case. */
  void backward(Collection<? extends Layer> layers) {
    backward(
        Map.of("", (Layer) () -> layers.stream().flatMap(l -> l.parameters().stream()).toList()));
  }

  /**
   * Goes back from all outputs and compares the loss and the gradients of inputs and parameters.
   *
   * @param layers everything that has parameters, by the prefix of their names in the case
   */
  void backward(Map<String, ? extends Layer> layers) {
    weights.requireAllUsed();
    long count = 0;
    for (var layer : layers.entrySet()) {
      for (var parameter : layer.getValue().parameters()) {
        boolean given = subject.has("w." + layer.getKey() + parameter.name());
        count += given ? parameter.value().shape().elements() : 0;
      }
    }
    judge.expected("param_count", count);
    if (pass.training()) {
      goBack();
      layers.forEach(this::judgeParameters);
    }
  }

  /**
   * Goes back from all outputs, for parameters that have another form in the case.
   *
   * @param gradients of all parameters, by their names in the case, once they are there
   */
  void backward(Supplier<Map<String, double[]>> gradients) {
    if (pass.training()) {
      goBack();
      gradients.get().forEach((name, values) -> judge.gradient("grad.w." + name, values));
    }
  }

  private void goBack() {
    judge.loss(loss);
    pass.backward();
    inputs.forEach(
        in ->
            judge.gradient(
                "grad." + in.name,
                in.axes.toCase(pass.gradient(in.tensor).doubles(), subject.shape(in.name))));
  }

  private void judgeParameters(String prefix, Layer layer) {
    for (var parameter : layer.parameters()) {
      var name = prefix + parameter.name();
      if (subject.has("w." + name)) {
        judge.gradient("grad.w." + name, parameter.gradient().doubles());
      }
    }
  }

  @Override
  public void close() {
    pass.close();
    arena.close();
  }
}
