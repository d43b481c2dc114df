package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;

/**
 * oneDNN's convolutions: one a step, and the gradients of weights over all frames at once. Packed:
 * the weights in oneDNN's layouts.
 */
final class SeparateConvolutions implements GateConvolutions {
  private final Convolutions input;
  private final Convolutions recurrent;
  private final Convolutions first;
  private final FrameReorder frames;

  SeparateConvolutions(OneDnnEngine engine, CellSpec spec, Layout layout, FrameReorder frames) {
    boolean hasInput = spec.inputs() > 0;
    int batch = spec.batch();
    int all = spec.steps() * batch;
    int later = Math.max(1, spec.steps() - 1) * batch;
    this.frames = frames;
    this.input =
        hasInput
            ? new Convolutions(engine, spec, batch, all, spec.inputs(), layout, layout, true, false)
            : null;
    this.recurrent = recurrent(engine, spec, layout, later, input);
    this.first =
        later == batch ? recurrent : recurrent(engine, spec, layout, batch, input, recurrent);
  }

  /** Closes what was made before where this one cannot be made. */
  private static Convolutions recurrent(
      OneDnnEngine engine, CellSpec spec, Layout layout, int all, Convolutions... before) {
    boolean bias = before[0] == null;
    try {
      return new Convolutions(
          engine, spec, spec.batch(), all, spec.hidden(), layout, layout, bias, !bias);
    } catch (RuntimeException e) {
      for (var made : before) {
        if (made != null) {
          made.close();
        }
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
    long own = Math.max(recurrent.gradientBytes(), first.gradientBytes());
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
    if (gradients.x() != null) {
      input.backwardData(stream, Blocks.cut(packed, parts())[0], sums, scratch);
      this.frames.addInputOut(stream, scratch, gradients.x());
    }
  }

  /** The first step by itself: h before it lies elsewhere, and may be zero. */
  @Override
  public void backwardAll(
      CpuStream stream,
      MemorySegment x,
      MemorySegment before,
      MemorySegment later,
      MemorySegment sums,
      Pair weights,
      MemorySegment db,
      MemorySegment scratch) {
    boolean given = input != null;
    if (given) {
      input.backwardWeights(stream, x, sums, weights.x(), db, scratch);
    }
    var rest = given ? null : db;
    if (before != null) {
      first.backwardWeights(stream, before, sums, weights.h(), rest, scratch);
    }
    if (later.byteSize() > 0) {
      var own = sums.asSlice(sums.byteSize() - 4 * later.byteSize());
      recurrent.backwardWeights(stream, later, own, weights.h(), rest, scratch);
    }
  }

  @Override
  public void close() {
    recurrent.close();
    if (first != recurrent) {
      first.close();
    }
    if (input != null) {
      input.close();
    }
  }
}
