package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;

/**
 * Winograd's convolution of h and x side by side, a step at a time: the products are deeper, the
 * sums are transformed once for both, and a step's gradient once for frames and weights.
 */
final class JointConvolution implements GateConvolutions {
  private final CellSpec spec;
  private final WinogradConvolution convolution;

  JointConvolution(CellSpec spec, int tile) {
    this.spec = spec;
    var conv = Convolutions.conv(spec, spec.hidden() + spec.inputs());
    int[] widths =
        spec.inputs() > 0 ? new int[] {spec.hidden(), spec.inputs()} : new int[] {spec.hidden()};
    this.convolution = new WinogradConvolution(conv, tile, widths);
  }

  private MemorySegment[] sources(Pair pair) {
    return spec.inputs() > 0
        ? new MemorySegment[] {pair.h(), pair.x()}
        : new MemorySegment[] {pair.h()};
  }

  @Override
  public String implementation() {
    return convolution.implementation();
  }

  @Override
  public long packedBytes() {
    return convolution.packedBytes();
  }

  @Override
  public void pack(CpuStream stream, Pair weights, MemorySegment packed) {
    convolution.pack(stream, sources(weights), packed);
  }

  @Override
  public void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, Pair frames, MemorySegment sums) {
    convolution.forward(stream, packed, b, sources(frames), sums, false);
  }

  @Override
  public long scratchBytes() {
    return convolution.gatheredBytes();
  }

  @Override
  public void backwardStart(MemorySegment scratch) {
    convolution.gathered(scratch, 0);
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
    if (gradients.h() != null) {
      stream.tape().add(() -> gradients.h().fill((byte) 0));
    }
    convolution.backward(
        stream, packed, sources(frames), sums, sources(gradients), scratch, sources(weights), db);
  }

  @Override
  public void backwardEnd(CpuStream stream, Pair weights, MemorySegment scratch) {
    convolution.spread(stream, scratch, sources(weights));
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
