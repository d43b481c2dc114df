package dev.sluice.cpu;

import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;

/**
 * The three passes of one of a cell's convolutions: forward over a step's frames (or all of them),
 * the gradient of its input likewise, and the gradient of its weights over all frames at once.
 */
interface CellConvolution extends AutoCloseable {
  /** The convolution of the forward and data passes. */
  ConvSpec spec();

  /** Frames of the weight pass. */
  int frames();

  /** Whether there are backward passes. */
  boolean training();

  /** What computes it. */
  String implementation();

  long packedBytes();

  void pack(CpuStream stream, MemorySegment w, MemorySegment packed);

  /** y, overwritten or added to, with the bias or without, as it was made. */
  void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, MemorySegment x, MemorySegment y);

  /** dx, overwritten. */
  void backwardData(CpuStream stream, MemorySegment packed, MemorySegment dy, MemorySegment dx);

  /** Scratch that {@link #backwardWeights} needs. */
  long gradientBytes();

  /** dw and db, added to; db may be null. */
  void backwardWeights(
      CpuStream stream,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dw,
      MemorySegment db,
      MemorySegment scratch);

  /** Bytes of the gradient of the input of all frames. */
  default long inputGradientBytes() {
    return 4L * spec().batch() * spec().height() * spec().width() * spec().inputs();
  }

  /** Nanoseconds that all passes over all frames take, on zeros: the best of some rounds each. */
  default long time(CpuStream stream) {
    var s = spec();
    long pixels = 4L * frames() * s.height() * s.width();
    long weights = 4L * s.outputs() * s.inputs() * s.kernelHeight() * s.kernelWidth();
    long[] sizes = {
      pixels * s.inputs(),
      pixels * s.outputs(),
      packedBytes(),
      4L * s.outputs(),
      training() ? gradientBytes() : 0,
      weights
    };
    try (var memory = new HostMemory(Blocks.total(sizes), 64)) {
      var parts = Blocks.cut(memory.block(), sizes);
      var x = parts[0];
      var y = parts[1];
      var packed = parts[2];
      long step = best(() -> forward(stream, packed, parts[3], x, y));
      if (!training()) {
        return frames() / s.batch() * step;
      }
      step += best(() -> backwardData(stream, packed, y, x));
      return frames() / s.batch() * step
          + best(() -> backwardWeights(stream, x, y, parts[5], null, parts[4]));
    }
  }

  /** Nanoseconds of the best of some rounds. */
  static long best(Runnable pass) {
    long best = Long.MAX_VALUE;
    long end = System.nanoTime() + 1_000_000_000;
    for (int round = 0; round < 10 && System.nanoTime() < end; round++) {
      long start = System.nanoTime();
      pass.run();
      best = Math.min(best, System.nanoTime() - start);
    }
    return best;
  }

  @Override
  void close();
}
