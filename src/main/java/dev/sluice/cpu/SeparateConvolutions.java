package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;

/** oneDNN's convolutions. Packed: the weights in oneDNN's layouts. */
final class SeparateConvolutions implements GateConvolutions {
  private final Convolutions input;
  private final Convolutions recurrent;
  private final FrameReorder frames;

  /** Where the recurrent one's weights begin. */
  private final long recurrentAt;

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
    this.recurrentAt = hasInput ? Blocks.aligned(input.packedBytes()) : 0;
  }

  @Override
  public String implementation() {
    return recurrent.implementation();
  }

  @Override
  public long packedBytes() {
    return recurrentAt + recurrent.packedBytes();
  }

  @Override
  public void pack(CpuStream stream, Pair weights, MemorySegment packed) {
    if (input != null) {
      input.pack(stream, weights.x(), packed);
    }
    recurrent.pack(stream, weights.h(), packed.asSlice(recurrentAt));
  }

  @Override
  public void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, Pair frames, MemorySegment sums) {
    if (input != null) {
      input.forward(stream, packed, b, frames.x(), sums);
    }
    if (frames.h() != null) {
      recurrent.forward(stream, packed.asSlice(recurrentAt), b, frames.h(), sums);
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
    if (frames.h() != null) {
      var rest = input == null ? db : null;
      recurrent.backwardWeights(stream, frames.h(), sums, weights.h(), rest, scratch);
    }
    if (gradients.h() != null) {
      recurrent.backwardData(stream, packed.asSlice(recurrentAt), sums, gradients.h());
    }
    if (input != null) {
      input.backwardWeights(stream, frames.x(), sums, weights.x(), db, scratch);
    }
    if (gradients.x() != null) {
      input.backwardData(stream, packed, sums, scratch);
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
