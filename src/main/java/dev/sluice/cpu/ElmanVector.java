package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.MEMORY;
import static dev.sluice.cpu.Lanes.ONE;
import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.WIDTH;
import static dev.sluice.cpu.Lanes.ZERO;
import static dev.sluice.cpu.Lanes.tanh;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Some rows of {@link ElmanStrand} over vectors, given by the addresses of the first. As in {@link
 * LstmGatesVector} what is left of a row after whole vectors has loops of its own.
 */
final class ElmanVector {
  private static final int STEP = (int) Lanes.STEP;

  private ElmanVector() {}

  static void forward(
      int rows, int length, boolean relu, long sums, long bias, long h, long y, long yStride) {
    int bytes = 4 * Lanes.whole(0, length);
    forward(rows, bytes, 4 * length, relu, sums, bias, h, y, yStride);
    if (bytes < 4 * length) {
      var part = Lanes.first(length - bytes / 4);
      forwardRest(
          rows,
          part,
          4 * length,
          relu,
          sums + bytes,
          LstmGatesVector.behind(bias, bytes),
          h + bytes,
          y + bytes,
          yStride);
    }
  }

  private static void forward(
      int rows,
      int bytes,
      int width,
      boolean relu,
      long sums,
      long bias,
      long h,
      long y,
      long yStride) {
    for (int row = 0; row < rows; row++, sums += width, h += width, y += yStride) {
      for (int e = 0; e < bytes; e += STEP) {
        var a = fromMemorySegment(WIDTH, MEMORY, sums + e, ORDER);
        if (bias != 0) {
          a = a.add(fromMemorySegment(WIDTH, MEMORY, bias + e, ORDER));
        }
        var value = relu ? a.blend(ZERO, a.compare(VectorOperators.LT, ZERO)) : tanh(a);
        value.intoMemorySegment(MEMORY, h + e, ORDER);
        value.intoMemorySegment(MEMORY, y + e, ORDER);
      }
    }
  }

  private static void forwardRest(
      int rows,
      VectorMask<Float> part,
      int width,
      boolean relu,
      long sums,
      long bias,
      long h,
      long y,
      long yStride) {
    for (int row = 0; row < rows; row++, sums += width, h += width, y += yStride) {
      var a = fromMemorySegment(WIDTH, MEMORY, sums, ORDER, part);
      if (bias != 0) {
        a = a.add(fromMemorySegment(WIDTH, MEMORY, bias, ORDER, part));
      }
      var value = relu ? a.blend(ZERO, a.compare(VectorOperators.LT, ZERO)) : tanh(a);
      value.intoMemorySegment(MEMORY, h, ORDER, part);
      value.intoMemorySegment(MEMORY, y, ORDER, part);
    }
  }

  /** The gradients of the sums; those of h are spent. */
  static void backward(
      int rows, int length, boolean relu, long sums, long h, long dy, long yStride, long dh) {
    int bytes = 4 * Lanes.whole(0, length);
    backward(rows, bytes, 4 * length, relu, sums, h, dy, yStride, dh);
    if (bytes < 4 * length) {
      var part = Lanes.first(length - bytes / 4);
      backwardRest(
          rows, part, 4 * length, relu, sums + bytes, h + bytes, dy + bytes, yStride, dh + bytes);
    }
  }

  private static void backward(
      int rows,
      int bytes,
      int width,
      boolean relu,
      long sums,
      long h,
      long dy,
      long yStride,
      long dh) {
    for (int row = 0; row < rows; row++, sums += width, h += width, dy += yStride, dh += width) {
      for (int e = 0; e < bytes; e += STEP) {
        var value = fromMemorySegment(WIDTH, MEMORY, h + e, ORDER);
        var d = fromMemorySegment(WIDTH, MEMORY, dh + e, ORDER);
        if (yStride != 0) {
          d = d.add(fromMemorySegment(WIDTH, MEMORY, dy + e, ORDER));
        }
        var slope =
            relu
                ? ZERO.blend(ONE, value.compare(VectorOperators.GT, ZERO))
                : ONE.sub(value.mul(value));
        d.mul(slope).intoMemorySegment(MEMORY, sums + e, ORDER);
        ZERO.intoMemorySegment(MEMORY, dh + e, ORDER);
      }
    }
  }

  private static void backwardRest(
      int rows,
      VectorMask<Float> part,
      int width,
      boolean relu,
      long sums,
      long h,
      long dy,
      long yStride,
      long dh) {
    for (int row = 0; row < rows; row++, sums += width, h += width, dy += yStride, dh += width) {
      var value = fromMemorySegment(WIDTH, MEMORY, h, ORDER, part);
      var d = fromMemorySegment(WIDTH, MEMORY, dh, ORDER, part);
      if (yStride != 0) {
        d = d.add(fromMemorySegment(WIDTH, MEMORY, dy, ORDER, part));
      }
      var slope =
          relu
              ? ZERO.blend(ONE, value.compare(VectorOperators.GT, ZERO))
              : ONE.sub(value.mul(value));
      d.mul(slope).intoMemorySegment(MEMORY, sums, ORDER, part);
      ZERO.intoMemorySegment(MEMORY, dh, ORDER, part);
    }
  }
}
