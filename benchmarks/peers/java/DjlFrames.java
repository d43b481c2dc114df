package dev.sluice.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Cells over frames, nchw, from DJL's operations, as torch_bench.py has them from PyTorch's: DJL
 * has none of its own.
 */
final class DjlFrames implements Djl.Cell {
  private static final Shape ONE = new Shape(1, 1);

  private final Given given;
  private final NDManager arrays;
  private final int hidden;
  private final NDArray zeros;
  private final List<UnaryOperator<NDArray>> layers = new ArrayList<>();
  private final Map<String, Supplier<float[]>> gradients = new LinkedHashMap<>();

  DjlFrames(Given given, NDManager arrays) {
    this.given = given;
    this.arrays = arrays;
    this.hidden = given.hidden();
    var y = given.shape("y");
    this.zeros = arrays.zeros(new Shape(y[1], y[4], y[2], y[3]));
    for (int l = 0; l < given.layers(); l++) {
      layers.add(
          switch (given.cell()) {
            case "convlstm" -> convLstm(l);
            case "convgru" -> convGru(l);
            default -> stLstm();
          });
    }
  }

  @Override
  public NDArray forward(NDArray x) {
    for (var layer : layers) {
      x = layer.apply(x);
    }
    return x;
  }

  @Override
  public Map<String, float[]> gradients() {
    var all = new LinkedHashMap<String, float[]>();
    gradients.forEach((name, values) -> all.put("grad." + name, values.get()));
    return all;
  }

  private UnaryOperator<NDArray> convLstm(int l) {
    var weight = joined(l);
    var bias = Djl.parameter(arrays, given, given.floats("bias_l" + l), 4 * hidden);
    gradients.put("bias_l" + l, () -> bias.getGradient().toFloatArray());
    return xs -> {
      NDArray h = zeros;
      NDArray c = zeros;
      var ys = new NDList();
      for (int t = 0; t < given.steps(); t++) {
        var gates = conv(xs.get(t).concat(h, 1), weight, bias).split(4, 1);
        var i = Activation.sigmoid(gates.get(0));
        var f = Activation.sigmoid(gates.get(1));
        c = f.mul(c).add(i.mul(gates.get(2).tanh()));
        h = Activation.sigmoid(gates.get(3)).mul(c.tanh());
        ys.add(h);
      }
      return NDArrays.stack(ys);
    };
  }

  private UnaryOperator<NDArray> convGru(int l) {
    var all = given.joined("weight_x_l" + l, "weight_h_l" + l);
    var sums = Given.sum(given.floats("bias_x_l" + l), given.floats("bias_h_l" + l));
    int kernel = given.shape("weight_x_l" + l)[2];
    int width = given.shape("weight_x_l" + l)[1] + hidden;
    var weights = new NDArray[2];
    var biases = new NDArray[2];
    for (int i = 0; i < 2; i++) { // r and z, then n
      int from = i * 2 * all.length / 3;
      var part = Arrays.copyOfRange(all, from, (i + 2) * all.length / 3);
      int rows = (2 - i) * hidden;
      weights[i] = Djl.parameter(arrays, given, part, rows, width, kernel, kernel);
      var some = Arrays.copyOfRange(sums, i * 2 * hidden, (i + 2) * hidden);
      biases[i] = Djl.parameter(arrays, given, some, rows);
    }
    split(l, () -> weights[0].getGradient().concat(weights[1].getGradient(), 0));
    for (var bias : List.of("bias_x_l" + l, "bias_h_l" + l)) {
      gradients.put(
          bias, () -> biases[0].getGradient().concat(biases[1].getGradient()).toFloatArray());
    }
    return xs -> {
      NDArray h = zeros;
      var ys = new NDList();
      for (int t = 0; t < given.steps(); t++) {
        var x = xs.get(t);
        var rz = Activation.sigmoid(conv(x.concat(h, 1), weights[0], biases[0])).split(2, 1);
        var z = rz.get(1);
        var n = conv(x.concat(rz.get(0).mul(h), 1), weights[1], biases[1]).tanh();
        h = z.mul(-1).add(1).mul(n).add(z.mul(h));
        ys.add(h);
      }
      return NDArrays.stack(ys);
    };
  }

  private UnaryOperator<NDArray> stLstm() {
    var convX = whole("conv_x.0.weight");
    var convH = whole("conv_h.0.weight");
    var convM = whole("conv_m.0.weight");
    var convO = whole("conv_o.0.weight");
    var last = whole("conv_last.weight");
    return xs -> {
      NDArray h = zeros;
      NDArray c = zeros;
      NDArray m = zeros;
      var ys = new NDList();
      for (int t = 0; t < given.steps(); t++) {
        var x = conv(xs.get(t), convX, null).split(7, 1);
        var hs = conv(h, convH, null).split(4, 1);
        var ms = conv(m, convM, null).split(3, 1);
        var i = Activation.sigmoid(x.get(0).add(hs.get(0)));
        var f = Activation.sigmoid(x.get(1).add(hs.get(1)).add(1));
        c = f.mul(c).add(i.mul(x.get(2).add(hs.get(2)).tanh()));
        i = Activation.sigmoid(x.get(3).add(ms.get(0)));
        f = Activation.sigmoid(x.get(4).add(ms.get(1)).add(1));
        m = f.mul(m).add(i.mul(x.get(5).add(ms.get(2)).tanh()));
        var both = c.concat(m, 1);
        var o = Activation.sigmoid(x.get(6).add(hs.get(3)).add(conv(both, convO, null)));
        h = o.mul(conv(both, last, null).tanh());
        ys.add(h);
      }
      return NDArrays.stack(ys);
    };
  }

  private NDArray whole(String name) {
    var array = Djl.parameter(arrays, given, given.floats(name), given.shape(name));
    gradients.put(name, () -> array.getGradient().toFloatArray());
    return array;
  }

  /** The kernels over x and h as one over cat(x, h). */
  private NDArray joined(int l) {
    var x = given.shape("weight_x_l" + l);
    var values = given.joined("weight_x_l" + l, "weight_h_l" + l);
    var weight = Djl.parameter(arrays, given, values, x[0], x[1] + hidden, x[2], x[3]);
    split(l, () -> weight.getGradient());
    return weight;
  }

  private void split(int l, Supplier<NDArray> gradient) {
    int inputs = given.shape("weight_x_l" + l)[1];
    gradients.put("weight_x_l" + l, () -> gradient.get().get(":, :" + inputs).toFloatArray());
    gradients.put("weight_h_l" + l, () -> gradient.get().get(":, " + inputs + ":").toFloatArray());
  }

  private static NDArray conv(NDArray x, NDArray weight, NDArray bias) {
    long pad = weight.getShape().get(2) / 2;
    return Conv2d.conv2d(x, weight, bias, ONE, new Shape(pad, pad)).singletonOrThrow();
  }
}
