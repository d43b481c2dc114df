package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Winograd's convolution of h and x side by side, a step at a time: the products are deeper, the
 * sums are transformed once for both, and a step's gradient once for frames and weights.
 */
final class JointConvolution implements GateConvolutions {
  private final CellSpec spec;
  private final WinogradConvolution convolution;

  JointConvolution(CellSpec spec) {
    this.spec = spec;
    var conv = Convolutions.conv(spec, spec.batch(), spec.hidden() + spec.inputs());
    int[] widths =
        spec.inputs() > 0 ? new int[] {spec.hidden(), spec.inputs()} : new int[] {spec.hidden()};
    this.convolution =
        new WinogradConvolution(conv, spec.batch(), spec.training(), true, false, widths);
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
    return convolution.gradientBytes();
  }

  @Override
  public void backwardStart(MemorySegment scratch) {
    scratch.asSlice(0, scratchBytes()).fill((byte) 0);
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
      gradients.h().fill((byte) 0);
    }
    convolution.backward(stream, packed, sources(frames), sums, sources(gradients), scratch, 1, db);
  }

  @Override
  public void backwardAll(
      CpuStream stream,
      MemorySegment x,
      MemorySegment first,
      MemorySegment later,
      MemorySegment sums,
      Pair weights,
      MemorySegment db,
      MemorySegment scratch) {
    convolution.unpack(stream, scratch, sources(weights));
  }

  @Override
  public long time(CpuStream stream) {
    return WinogradConvolution.time(() -> once(stream));
  }

  private long once(CpuStream stream) {
    ConvSpec s = convolution.spec();
    long pixels = 4L * s.batch() * s.height() * s.width();
    try (var arena = Arena.ofShared()) {
      var frames = pair(arena, pixels);
      var sums = arena.allocate(pixels * s.outputs(), 64);
      var packed = arena.allocate(packedBytes(), 64);
      var b = arena.allocate(4L * s.outputs(), 64);
      long step = CellConvolution.best(() -> forward(stream, packed, b, frames, sums));
      if (!spec.training()) {
        return spec.steps() * step;
      }
      var scratch = arena.allocate(scratchBytes(), 64);
      var gradients = pair(arena, pixels);
      step +=
          CellConvolution.best(() -> backward(stream, packed, frames, sums, gradients, b, scratch));
      var weights = pair(arena, 4L * s.outputs() * s.kernelHeight() * s.kernelWidth());
      return spec.steps() * step
          + CellConvolution.best(() -> convolution.unpack(stream, scratch, sources(weights)));
    }
  }

  private Pair pair(Arena arena, long bytesOfAChannel) {
    return new Pair(
        spec.inputs() > 0 ? arena.allocate(bytesOfAChannel * spec.inputs(), 64) : null,
        arena.allocate(bytesOfAChannel * spec.hidden(), 64));
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
