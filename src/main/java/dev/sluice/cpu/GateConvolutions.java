package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The convolutions whose sum a ConvLSTM's gates are made of: of h, and of x where there is input.
 * Sums and their gradients are 4H channels wide, in the layout of the cell.
 */
interface GateConvolutions extends AutoCloseable {
  /** What belongs to x, null without input, and what belongs to h. */
  record Pair(MemorySegment x, MemorySegment h) {}

  /** What computes them. */
  String implementation();

  long packedBytes();

  void pack(CpuStream stream, Pair weights, MemorySegment packed);

  /**
   * The sums of one step, with the bias.
   *
   * @param frames h is null where it is zero and there is input
   */
  void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, Pair frames, MemorySegment sums);

  /** Scratch memory of the way back, the same for all of its calls. */
  long scratchBytes();

  /** Before the first step back. */
  void backwardStart(MemorySegment scratch);

  /**
   * One step back.
   *
   * @param frames h is null where it is zero and there is input
   * @param gradients x outside the cell, added to; h overwritten; null: not wanted
   * @param weights added to, here or at the end
   * @param db added to
   */
  void backward(
      CpuStream stream,
      MemorySegment packed,
      Pair frames,
      MemorySegment sums,
      Pair gradients,
      Pair weights,
      MemorySegment db,
      MemorySegment scratch);

  /** After the last step back. */
  void backwardEnd(CpuStream stream, Pair weights, MemorySegment scratch);

  @Override
  void close();
}
