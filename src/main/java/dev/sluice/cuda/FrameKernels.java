package dev.sluice.cuda;

import static dev.sluice.cuda.Family.flag;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Kernels that move elements and leave them as they are: frames.cu. */
final class FrameKernels {
  private static final int MOST_AXES = 6;

  private FrameKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("permute", (stream, s, t) -> permute(stream, s, t[0], t[1], false));
    all.put("permute_add", (stream, s, t) -> permute(stream, s, t[0], t[1], true));
    all.put("columns", (stream, s, t) -> columns(stream, s, t[0], t[1], false));
    all.put("columns_add", (stream, s, t) -> columns(stream, s, t[0], t[1], true));
  }

  /** An axis of y: its size, and how far apart its neighbours are in x. */
  private record Axis(long size, long stride) {
    boolean joins(Axis inner) {
      return stride == inner.size * inner.stride;
    }
  }

  private static void permute(Stream stream, double[] scalars, Tensor x, Tensor y, boolean add) {
    int rank = scalars.length / 2;
    permute(
        (CudaStream) stream,
        x.type(),
        Arrays.stream(scalars, 0, rank).mapToInt(d -> (int) d).toArray(),
        Arrays.stream(scalars, rank, 2 * rank).mapToLong(d -> (long) d).toArray(),
        x,
        y,
        add);
  }

  /**
   * {@code y (+)= x} with other axes.
   *
   * @param axes axis i of y is axis axes[i] of x
   * @param sizes of x's axes
   * @param x a tensor or an address
   * @param y a tensor or an address
   */
  static void permute(
      CudaStream stream, DType type, int[] axes, long[] sizes, Object x, Object y, boolean add) {
    var walk = walk(axes, sizes);
    if (walk.size() > MOST_AXES) {
      throw new IllegalArgumentException(
          "permute: expected at most %d axes that move apart, got axes %s of sizes %s"
              .formatted(MOST_AXES, Arrays.toString(axes), Arrays.toString(sizes)));
    }
    long count = LongStream.of(sizes).reduce(1, (a, b) -> a * b);
    var arguments = new ArrayList<Object>();
    Collections.addAll(arguments, x, y, count, flag(add), walk.size());
    for (int i = 0; i < MOST_AXES; i++) {
      var axis = i < walk.size() ? walk.get(i) : new Axis(1, 0);
      if (i < MOST_AXES - 1) {
        arguments.add(axis.size);
      }
      arguments.add(axis.stride);
    }
    new Family(stream, "frames", CudaStream.suffix(type))
        .elements("permute", count, arguments.toArray());
  }

  /** The axes of y, innermost first, those of size 1 left out and neighbours made one. */
  private static List<Axis> walk(int[] axes, long[] sizes) {
    var strides = new long[sizes.length];
    long stride = 1;
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= sizes[axis];
    }
    var walk = new ArrayList<Axis>(List.of(new Axis(1, 1)));
    for (int i = axes.length - 1; i >= 0; i--) {
      var axis = new Axis(sizes[axes[i]], strides[axes[i]]);
      var inner = walk.getLast();
      if (inner.size == 1) {
        walk.set(walk.size() - 1, axis);
      } else if (axis.joins(inner)) {
        walk.set(walk.size() - 1, new Axis(axis.size * inner.size, inner.stride));
      } else if (axis.size > 1) {
        walk.add(axis);
      }
    }
    return walk;
  }

  private static void columns(Stream stream, double[] scalars, Tensor x, Tensor y, boolean add) {
    int width = (int) scalars[0];
    long a = x.shape().dim(-1);
    long rows = a == 0 ? 0 : x.shape().elements() / a;
    Family.of(stream, "frames", x)
        .elements(
            "columns",
            rows * width,
            x,
            y,
            rows,
            width,
            a,
            (long) scalars[1],
            y.shape().dim(-1),
            (long) scalars[2],
            flag(add));
  }
}
