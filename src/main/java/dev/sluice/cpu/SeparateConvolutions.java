package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;

/** oneDNN's convolutions. Packed: the weights in oneDNN's layouts. */
final class SeparateConvolutions implements GateConvolutions {
  private final Convolutions input;
  private final Convolutions recurrent;
  private final FrameReorder frames;

  SeparateConvolutions(OneDnnEngine engine, CellSpec spec, Layout layout, FrameReorder frames) {
    boolean hasInput = spec.inputs() > 0;
    this.frames = frames;
    this.input =
        hasInput ? new Convolutions(engine, spec, spec.inputs(), layout, true, false) : null;
    try {
      this.recurrent = new Convolutions(engine, spec, spec.hidden(), layout, !hasInput, hasInput);
    } catch (RuntimeException e) {
      if (hasInput) {
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
  public void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, Pair frames, MemorySegment sums) {
    var w = Blocks.cut(packed, parts());
    if (input != null) {
      input.forward(stream, w[0], b, frames.x(), sums);
    }
    if (frames.h() != null) {
      recurrent.forward(stream, w[1], b, frames.h(), sums);
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
      Pair weights,
      MemorySegment db,
      MemorySegment scratch) {
    var w = Blocks.cut(packed, parts());
    if (frames.h() != null) {
      var rest = input == null ? db : null;
      recurrent.backwardWeights(stream, frames.h(), sums, weights.h(), rest, scratch);
    }
    if (gradients.h() != null) {
      recurrent.backwardData(stream, w[1], sums, gradients.h());
    }
    if (input != null) {
      input.backwardWeights(stream, frames.x(), sums, weights.x(), db, scratch);
    }
    if (gradients.x() != null) {
      input.backwardData(stream, w[0], sums, scratch);
      this.frames.addInputOut(stream, scratch, gradients.x());
    }
  }

  @Override
  public void backwardEnd(CpuStream stream, Pair weights, MemorySegment scratch) {
    // Each step has added its own.
  }

  @Override
  public void close() {
    recurrent.close();
    if (input != null) {
      input.close();
    }
  }
}
