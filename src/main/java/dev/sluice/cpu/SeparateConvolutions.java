package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;

/**
 * oneDNN's convolutions: that of the input and all weight gradients are one over T N frames each,
 * what is serial is one a step. Packed: the weights in oneDNN's layouts.
 */
final class SeparateConvolutions implements GateConvolutions {
  private final Convolutions input;
  private final Convolutions recurrent;
  private final FrameReorder frames;

  SeparateConvolutions(MemorySegment engine, CellSpec spec, Layout layout, FrameReorder frames) {
    boolean hasInput = spec.inputs() > 0;
    int all = spec.steps() * spec.batch();
    this.frames = frames;
    this.input =
        hasInput
            ? new Convolutions(engine, spec, all, all, spec.inputs(), layout, layout, true, false)
            : null;
    this.recurrent = recurrent(engine, spec, layout);
  }

  /** Closes the input's convolution where this one cannot be made. */
  private Convolutions recurrent(MemorySegment engine, CellSpec spec, Layout layout) {
    int batch = spec.batch();
    int all = spec.steps() * batch;
    boolean bias = input == null;
    try {
      return new Convolutions(engine, spec, batch, all, spec.hidden(), layout, layout, bias, !bias);
    } catch (RuntimeException e) {
      if (input != null) {
        input.close();
      }
      throw e;
    }
  }

  @Override
  public String implementation() {
    return recurrent.implementation();
  }

  private long[] parts() {
    return new long[] {input == null ? 0 : input.packedBytes(), recurrent.packedBytes()};
  }

  @Override
  public long packedBytes() {
    return Blocks.total(parts());
  }

  @Override
  public void pack(CpuStream stream, Pair weights, MemorySegment packed) {
    var parts = Blocks.cut(packed, parts());
    if (input != null) {
      input.pack(stream, weights.x(), parts[0]);
    }
    recurrent.pack(stream, weights.h(), parts[1]);
  }

  @Override
  public void forwardAll(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment b,
      MemorySegment x,
      MemorySegment sums) {
    if (input != null) {
      input.forward(stream, Blocks.cut(packed, parts())[0], b, x, sums);
    }
  }

  @Override
  public void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, Pair frames, MemorySegment sums) {
    if (frames.h() != null) {
      recurrent.forward(stream, Blocks.cut(packed, parts())[1], b, frames.h(), sums);
    }
  }

  @Override
  public long scratchBytes() {
    long own = recurrent.gradientBytes();
    return input == null
        ? own
        : Math.max(own, Math.max(input.gradientBytes(), input.inputGradientBytes()));
  }

  @Override
  public void backwardStart(MemorySegment scratch) {
    // Nothing is gathered over the steps.
  }

  @Override
  public void backward(
      CpuStream stream,
      MemorySegment packed,
      Pair frames,
      MemorySegment sums,
      Pair gradients,
      MemorySegment db,
      MemorySegment scratch) {
    if (gradients.h() != null) {
      recurrent.backwardData(stream, Blocks.cut(packed, parts())[1], sums, gradients.h());
    }
  }

  @Override
  public void backwardAll(
      CpuStream stream,
      MemorySegment packed,
      Pair frames,
      MemorySegment sums,
      MemorySegment gradient,
      Pair weights,
      MemorySegment db,
      MemorySegment scratch) {
    if (input != null) {
      input.backwardWeights(stream, frames.x(), sums, weights.x(), null, scratch);
    }
    recurrent.backwardWeights(stream, frames.h(), sums, weights.h(), db, scratch);
    if (input != null && gradient != null) {
      input.backwardData(stream, Blocks.cut(packed, parts())[0], sums, scratch);
      this.frames.addInputOut(stream, scratch, gradient);
    }
  }

  @Override
  public long time(CpuStream stream) {
    return recurrent.time(stream) + (input == null ? 0 : input.time(stream));
  }

  @Override
  public void close() {
    recurrent.close();
    if (input != null) {
      input.close();
    }
  }
}
