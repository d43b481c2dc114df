package dev.sluice.peers;

import dev.sluice.weights.Safetensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A problem as Sluice wrote it: x, the weights under PyTorch's names, y, and in training dy and the
 * gradients as grad.NAME. Vectors are [T, N, C], frames [T, N, height, width, C].
 */
record Given(String cell, boolean training, Safetensors file) {
  float[] floats(String name) {
    return file.floats(name);
  }

  int[] shape(String name) {
    return Arrays.stream(file.shape(name).dims()).mapToInt(Math::toIntExact).toArray();
  }

  boolean has(String name) {
    return file.has(name);
  }

  int steps() {
    return shape("x")[0];
  }

  int batch() {
    return shape("x")[1];
  }

  /** C. */
  int input() {
    var x = shape("x");
    return x[x.length - 1];
  }

  /** H of one direction. */
  int hidden() {
    var y = shape("y");
    return y[y.length - 1] / directions();
  }

  int layers() {
    int layers = 0;
    while (has("weight_hh_l" + layers) || has("weight_h_l" + layers)) {
      layers++;
    }
    return Math.max(layers, 1);
  }

  int directions() {
    return has("weight_ih_l0_reverse") ? 2 : 1;
  }

  boolean overFrames() {
    return shape("x").length == 5;
  }

  /** The ends of the names of a layer's weights, a direction each. */
  List<String> ends(int layer) {
    return directions() == 2
        ? List.of("_l" + layer, "_l" + layer + "_reverse")
        : List.of("_l" + layer);
  }

  /** Refuses what only Sluice has. */
  void plain() {
    if (has("lengths") || has("weight_pi_l0") || has("peep_i_l0")) {
      throw new UnsupportedOperationException("lengths and peepholes are not raced here");
    }
  }

  /** Frames [T, N, height, width, C] as [T, N, C, height, width]. */
  float[] channelsFirst(String name) {
    var s = shape(name);
    return swap(floats(name), s[0] * s[1], s[2] * s[3], s[4]);
  }

  /** What {@link #channelsFirst} did, undone, with the shape of a given one. */
  float[] channelsLast(float[] values, String as) {
    var s = shape(as);
    return swap(values, s[0] * s[1], s[4], s[2] * s[3]);
  }

  /** The last two axes of [a, b, c] exchanged. */
  static float[] swap(float[] from, int a, int b, int c) {
    var to = new float[from.length];
    for (int i = 0; i < a; i++) {
      for (int j = 0; j < b; j++) {
        for (int k = 0; k < c; k++) {
          to[(i * c + k) * b + j] = from[(i * b + j) * c + k];
        }
      }
    }
    return to;
  }

  /** The kernels [O, A, k, k] and [O, B, k, k] as one [O, A + B, k, k]. */
  float[] joined(String x, String h) {
    var a = floats(x);
    var b = floats(h);
    int rows = shape(x)[0];
    int left = a.length / rows;
    int right = b.length / rows;
    var both = new float[a.length + b.length];
    for (int o = 0; o < rows; o++) {
      System.arraycopy(a, o * left, both, o * (left + right), left);
      System.arraycopy(b, o * right, both, o * (left + right) + left, right);
    }
    return both;
  }

  /** The equal blocks of an array in an order of their own. */
  static float[] blocks(float[] from, int... order) {
    var to = new float[from.length];
    int size = from.length / order.length;
    for (int i = 0; i < order.length; i++) {
      System.arraycopy(from, order[i] * size, to, i * size, size);
    }
    return to;
  }

  static float[] sum(float[] a, float[] b) {
    var sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  /** Arrays one after the other. */
  static float[] together(List<float[]> parts) {
    var all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (var part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** The largest difference of any result from ours, relative to its largest number, or to 1. */
  double worst(Map<String, float[]> results) {
    double worst = 0;
    for (String name : file.names()) {
      if (!name.equals("y") && !name.startsWith("grad.")) {
        continue;
      }
      var got = results.get(name);
      var expected = floats(name);
      if (got == null || got.length != expected.length) {
        throw new IllegalStateException(name + ": missing, or of another size");
      }
      double scale = 1;
      double most = 0;
      for (int i = 0; i < got.length; i++) {
        scale = Math.max(scale, Math.abs(expected[i]));
        most = Math.max(most, Math.abs((double) expected[i] - got[i]));
        if (!Float.isFinite(got[i])) {
          throw new IllegalStateException(name + ": " + got[i]);
        }
      }
      worst = Math.max(worst, most / scale);
    }
    return worst;
  }
}
