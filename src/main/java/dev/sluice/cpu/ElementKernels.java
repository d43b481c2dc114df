package dev.sluice.cpu;

import static dev.sluice.cpu.Kernels.count;
import static dev.sluice.cpu.Kernels.team;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/** Kernels that look at one element at a time, and rows with a vector. */
final class ElementKernels {
  private ElementKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("fill", ElementKernels::fill);
    all.put("copy", (stream, scalars, t) -> t[1].memory().copyFrom(t[0].memory()));
    all.put("add", ElementKernels::add);
    all.put("scale", ElementKernels::scale);
    all.put("sigmoid", ElementKernels::sigmoid);
    all.put("sigmoid_backward", ElementKernels::sigmoidBackward);
    all.put("add_bias", ElementKernels::addBias);
    all.put("column_sums", ElementKernels::columnSums);
  }

  /** fill(value): x = value. */
  private static void fill(Stream stream, double[] scalars, Tensor... t) {
    var x = t[0].memory();
    if (scalars[0] == 0) {
      x.fill((byte) 0);
    } else if (t[0].type() == DType.INT32) {
      for (int i = 0; i < count(t[0]); i++) {
        x.setAtIndex(ValueLayout.JAVA_INT, i, (int) scalars[0]);
      }
    } else {
      var reals = Reals.of(t[0].type());
      for (int i = 0; i < count(t[0]); i++) {
        reals.set(x, i, scalars[0]);
      }
    }
  }

  /** add(): from, to: to += from. */
  private static void add(Stream stream, double[] scalars, Tensor... t) {
    if (t[0].type() == DType.FLOAT32) {
      Loops.add(team(stream), t[0].memory(), t[1].memory());
      return;
    }
    var reals = Reals.of(t[0].type());
    var from = t[0].memory();
    var to = t[1].memory();
    for (int i = 0; i < count(t[0]); i++) {
      reals.add(to, i, reals.get(from, i));
    }
  }

  /** scale(factor): x *= factor. */
  private static void scale(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var x = t[0].memory();
    for (int i = 0; i < count(t[0]); i++) {
      reals.set(x, i, reals.get(x, i) * scalars[0]);
    }
  }

  /** sigmoid(): x, y: y = s(x); may alias. */
  private static void sigmoid(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var x = t[0].memory();
    var y = t[1].memory();
    Loops.each(
        team(stream),
        reals,
        count(t[0]),
        (from, to) -> LoopsVector.sigmoid(x, y, from, to),
        i -> reals.set(y, i, Reals.sigmoid(reals.get(x, i))));
  }

  /** sigmoid_backward(): y, dy, dx: dx += dy y (1 - y). */
  private static void sigmoidBackward(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    var y = t[0].memory();
    var dy = t[1].memory();
    var dx = t[2].memory();
    Loops.each(
        team(stream),
        reals,
        count(t[0]),
        (from, to) -> LoopsVector.sigmoidBackward(y, dy, dx, from, to),
        i -> {
          double s = reals.get(y, i);
          reals.add(dx, i, reals.get(dy, i) * s * (1 - s));
        });
  }

  /** add_bias(): b [C], y [..., C]: y += b. */
  private static void addBias(Stream stream, double[] scalars, Tensor... t) {
    var reals = Reals.of(t[0].type());
    int columns = count(t[0]);
    var b = t[0].memory();
    var y = t[1].memory();
    team(stream)
        .run(
            count(t[1]) / columns,
            Math.max(1, 4096 / columns),
            (from, to) -> addRows(reals, b, y, columns, from, to));
  }

  private static void addRows(
      Reals reals, MemorySegment b, MemorySegment y, int columns, int from, int to) {
    for (int row = from; row < to; row++) {
      for (int j = 0; j < columns; j++) {
        reals.add(y, (long) row * columns + j, reals.get(b, j));
      }
    }
  }

  /** column_sums(): x [..., C], sums [C]: sums += the sum of the rows. */
  private static void columnSums(Stream stream, double[] scalars, Tensor... t) {
    int columns = count(t[1]);
    if (count(t[0]) == 0) {
      return;
    }
    Loops.addColumns(
        team(stream),
        Reals.of(t[0].type()),
        t[0].memory(),
        count(t[0]) / columns,
        columns,
        columns,
        t[1].memory(),
        null);
  }
}
