package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.weights.HostTensor;
import java.util.Arrays;
import java.util.Map;

/**
 * The parameters of a Keras layer in the library's form and back: {@code kernel [C, G H]} and
 * {@code recurrent_kernel [H, G H]} are transposed, and the gates of a GRU, z, r, h in Keras, are
 * put into the order r, z, n; LSTM gates i, f, c, o are the library's i, f, g, o.
 *
 * @param hidden H
 * @param order of the gates: gate g of the library is gate {@code order[g]} of Keras
 */
record KerasGates(int hidden, int... order) {
  private int width() {
    return hidden * order.length;
  }

  /** [G H, rows] of [rows, G H], or of [G H] itself where rows is 1. */
  double[] toLibrary(double[] kernel) {
    return moved(kernel, false);
  }

  /** [rows, G H] of [G H, rows]. */
  double[] toKeras(double[] weight) {
    return moved(weight, true);
  }

  private double[] moved(double[] from, boolean back) {
    int rows = from.length / width();
    var to = new double[from.length];
    for (int gate = 0; gate < order.length; gate++) {
      for (int j = 0; j < hidden; j++) {
        for (int row = 0; row < rows; row++) {
          int library = (gate * hidden + j) * rows + row;
          int keras = row * width() + order[gate] * hidden + j;
          to[back ? keras : library] = from[back ? library : keras];
        }
      }
    }
    return to;
  }

  /** Puts a kernel, under its name in the library, into a map. */
  void put(Map<String, HostTensor> all, String name, double[] kernel) {
    int rows = kernel.length / width();
    all.put(name, new HostTensor(Shape.of(width(), rows), toLibrary(kernel)));
  }

  /** Puts one bias, and zeros beside it, or Keras' two, [2, G H], into a map. */
  void putBiases(Map<String, HostTensor> all, String suffix, double[] bias) {
    int width = width();
    boolean two = bias.length == 2 * width;
    var input = Arrays.copyOf(bias, width);
    var recurrent = two ? Arrays.copyOfRange(bias, width, 2 * width) : new double[width];
    all.put("bias_ih" + suffix, new HostTensor(Shape.of(width), toLibrary(input)));
    all.put("bias_hh" + suffix, new HostTensor(Shape.of(width), toLibrary(recurrent)));
  }
}
