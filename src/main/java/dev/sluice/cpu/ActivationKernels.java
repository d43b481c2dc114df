package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Activations and their slopes as functions of what they gave. */
final class ActivationKernels {
  private ActivationKernels() {}

  /** y of x, or dy/dx of y. */
  @FunctionalInterface
  private interface Element {
    double of(double value, double[] scalars);
  }

  static void register(Map<String, Kernel> all) {
    element(all, "tanh", (x, s) -> Math.tanh(x), (y, s) -> 1 - y * y);
    element(all, "relu", (x, s) -> Math.max(x, 0), (y, s) -> y > 0 ? 1 : 0);
    element(
        all,
        "hard_sigmoid",
        (x, s) -> Math.min(Math.max(s[0] * x + s[1], 0), 1),
        (y, s) -> y > 0 && y < 1 ? s[0] : 0);
    all.put("softmax", ActivationKernels::softmax);
    all.put("softmax_backward", ActivationKernels::softmaxBackward);
  }

  /**
   * name(...): x, y: y = f(x); may alias; name_backward(...): y, dy, dx: dx += dy f'(x). The
   * scalars of hard_sigmoid are its slope and its value at 0.
   */
  private static void element(Map<String, Kernel> all, String name, Element f, Element slope) {
    all.put(
        name,
        (stream, s, t) -> {
          var reals = Reals.of(t[0].type());
          var x = t[0].memory();
          var y = t[1].memory();
          each(stream, t[0], i -> reals.set(y, i, f.of(reals.get(x, i), s)));
        });
    all.put(
        name + "_backward",
        (stream, s, t) -> {
          var reals = Reals.of(t[0].type());
          var y = t[0].memory();
          var dy = t[1].memory();
          var dx = t[2].memory();
          each(
              stream, t[0], i -> reals.add(dx, i, reals.get(dy, i) * slope.of(reals.get(y, i), s)));
        });
  }

  @FunctionalInterface
  private interface Index {
    void run(int i);
  }

  private static void each(Stream stream, Tensor x, Index index) {
    team(stream)
        .run(
            count(x),
            2048,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                index.run(i);
              }
            });
  }

  /** softmax(): x [.., K], y [.., K]: y = e^x over its sum, the largest x taken out; may alias. */
  private static void softmax(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    int classes = t[0].shape().size(-1);
    rows(stream, t[0], row -> softmaxRow(reals, t[0].memory(), t[1].memory(), row, classes));
  }

  private static void softmaxRow(
      Reals reals, MemorySegment x, MemorySegment y, int row, int classes) {
    long at = (long) row * classes;
    double largest = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < classes; k++) {
      largest = Math.max(largest, reals.get(x, at + k));
    }
    double sum = 0;
    for (int k = 0; k < classes; k++) {
      sum += Math.exp(reals.get(x, at + k) - largest);
    }
    for (int k = 0; k < classes; k++) {
      reals.set(y, at + k, Math.exp(reals.get(x, at + k) - largest) / sum);
    }
  }

  /** softmax_backward(): y, dy, dx: dx += y (dy - the sum of y dy over the row). */
  private static void softmaxBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var y = t[0].memory();
    var dy = t[1].memory();
    var dx = t[2].memory();
    int classes = t[0].shape().size(-1);
    rows(
        stream,
        t[0],
        row -> {
          double dot = 0;
          long at = (long) row * classes;
          for (int k = 0; k < classes; k++) {
            dot += reals.get(y, at + k) * reals.get(dy, at + k);
          }
          for (int k = 0; k < classes; k++) {
            reals.add(dx, at + k, reals.get(y, at + k) * (reals.get(dy, at + k) - dot));
          }
        });
  }

  private static void rows(Stream stream, Tensor x, Index index) {
    int classes = x.shape().size(-1);
    team(stream)
        .run(
            count(x) / classes,
            Math.max(1, 2048 / classes),
            (from, to) -> {
              for (int row = from; row < to; row++) {
                index.run(row);
              }
            });
  }
}
