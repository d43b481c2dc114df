package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A function of inputs and parameters whose gradients can be tested.
 *
 * @param config for messages
 * @param type of its tensors
 * @param layers those with parameters
 * @param inputs what it is run on
 * @param forward computes the outputs
 */
record Net(
    String config, DType type, List<? extends Layer> layers, List<Input> inputs, Forward forward) {
  /**
   * An input.
   *
   * @param shape of it
   * @param values changed in place by finite differences
   * @param watched whether it has a gradient
   */
  record Input(Shape shape, double[] values, boolean watched) {}

  /** A row of the table: a way to draw nets. */
  interface Row {
    Net draw(Dice dice, DType type, DeviceArena arena);
  }

  /** The outputs of a pass. */
  interface Forward {
    List<Tensor> of(Pass pass, List<Tensor> inputs);
  }

  List<Parameter> parameters() {
    return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
  }

  /** Fills memory that passes will get with NaN, so that reading before writing shows. */
  static void poison(Device device) {
    if (!device.engine().equals("cpu")) {
      return; // The simulated device reports such reads by itself.
    }
    try (var a = device.arena();
        var b = device.arena();
        var c = device.arena()) {
      for (var arena : List.of(a, b, c)) {
        arena.empty(DType.FLOAT32, Shape.of(1 << 18)).memory().fill((byte) 0xFF);
      }
    }
  }

  private List<Tensor> tensors(Pass pass) {
    var tensors = new ArrayList<Tensor>();
    for (var input : inputs) {
      var tensor = pass.empty(type, input.shape).set(input.values);
      tensors.add(input.watched ? pass.watch(tensor) : tensor);
    }
    return tensors;
  }

  /** The outputs in inference. */
  List<double[]> outputs(Device device) {
    try (var pass = Pass.inference(device)) {
      return forward.of(pass, tensors(pass)).stream().map(Tensor::doubles).toList();
    }
  }

  /**
   * What training gives.
   *
   * @param outputs of forward
   * @param gradients of watched inputs, then of parameters; null where none is wanted
   */
  record Trained(List<double[]> outputs, List<double[]> gradients) {}

  /** Forward and backward from given gradients of the outputs; those of parameters start at 0. */
  Trained train(Device device, List<double[]> upstream) {
    for (var parameter : parameters()) {
      parameter.gradient().set(new double[(int) parameter.value().shape().elements()]);
    }
    try (var pass = Pass.training(device)) {
      var tensors = tensors(pass);
      var outputs = forward.of(pass, tensors);
      var values = outputs.stream().map(Tensor::doubles).toList();
      for (int i = 0; i < values.size(); i++) {
        var gradient = pass.gradient(outputs.get(i));
        gradient.set(sum(gradient.doubles(), upstream.get(i)));
      }
      pass.backward();
      var gradients = new ArrayList<double[]>();
      for (int i = 0; i < tensors.size(); i++) {
        gradients.add(inputs.get(i).watched ? pass.gradient(tensors.get(i)).doubles() : null);
      }
      parameters().forEach(parameter -> gradients.add(parameter.gradient().doubles()));
      return new Trained(values, gradients);
    }
  }

  private static double[] sum(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
  }

  /** The name of a gradient in {@link Trained}. */
  String name(int gradient) {
    return gradient < inputs.size()
        ? "input " + gradient
        : parameters().get(gradient - inputs.size()).name();
  }
}
