package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A float32 convolution by {@link WinogradConvolution}. Packed: transformed weights, bias. */
final class WinogradPlan extends HostConvolution {
  private final WinogradConvolution convolution;

  WinogradPlan(ConvSpec spec, int tile) {
    super(spec);
    this.convolution = new WinogradConvolution(spec, tile, spec.inputs());
  }

  @Override
  String implementation() {
    return convolution.implementation();
  }

  private long weightBytes() {
    return Blocks.aligned(convolution.packedBytes());
  }

  @Override
  public long packedBytes() {
    return weightBytes() + 4L * spec.outputs();
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var w = new MemorySegment[] {weights.get(0).memory()};
    convolution.pack((CpuStream) stream, w, packed.memory());
    if (spec.bias()) {
      bias(packed.memory()).copyFrom(weights.get(1).memory());
    }
  }

  private MemorySegment bias(MemorySegment packed) {
    return spec.bias() ? packed.asSlice(weightBytes(), 4L * spec.outputs()) : null;
  }

  @Override
  void forward(CpuStream cpu, MemorySegment packed, MemorySegment x, MemorySegment y, boolean add) {
    convolution.forward(cpu, packed, bias(packed), new MemorySegment[] {x}, y, add);
  }

  @Override
  public void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx) {
    var to = new MemorySegment[] {dx.memory()};
    convolution.backwardData((CpuStream) stream, packed.memory(), dy.memory(), to);
  }

  @Override
  void backward(
      CpuStream cpu,
      MemorySegment packed,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dx,
      MemorySegment dw,
      MemorySegment db) {
    var du = cpu.scratch(convolution.gatheredBytes())[0];
    var to = new MemorySegment[] {dw};
    var from = new MemorySegment[] {x};
    var biases = db == null ? new MemorySegment[0] : new MemorySegment[] {db};
    cpu.tape().add(() -> convolution.gathered(du, 0));
    convolution.backward(cpu, packed, from, dy, new MemorySegment[] {dx}, du, to, biases);
    convolution.spread(cpu, du, to);
  }

  @Override
  public boolean compiles() {
    return true;
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
