package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.JointPlan;
import dev.sluice.spi.JointSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A sum of convolutions as one {@link WinogradConvolution}. Packed: transformed weights, bias. */
final class WinogradJoint implements JointPlan {
  private final WinogradConvolution convolution;
  private final int sources;
  private final long biasBytes;

  WinogradJoint(JointSpec spec, int tile) {
    int[] widths = spec.inputs().stream().mapToInt(Integer::intValue).toArray();
    ConvSpec whole = spec.of(spec.inputs().stream().mapToInt(Integer::intValue).sum());
    this.convolution = new WinogradConvolution(whole, tile, widths, spec.first(), spec.columns());
    this.sources = widths.length;
    this.biasBytes = 4L * spec.outputs();
  }

  String implementation() {
    return convolution.implementation();
  }

  private long weightBytes() {
    return Blocks.aligned(convolution.packedBytes());
  }

  @Override
  public long packedBytes() {
    return weightBytes() + biasBytes;
  }

  private MemorySegment bias(MemorySegment packed) {
    return packed.asSlice(weightBytes(), biasBytes);
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cpu = (CpuStream) stream;
    var to = packed.memory();
    convolution.pack(cpu, memory(weights.subList(0, sources)), to);
    bias(to).fill((byte) 0);
    for (var b : weights.subList(sources, weights.size())) {
      Loops.add(cpu.team(), b.memory(), bias(to));
    }
  }

  private static MemorySegment[] memory(List<Tensor> tensors) {
    var all = new MemorySegment[tensors.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = tensors.get(i) == null ? null : tensors.get(i).memory();
    }
    return all;
  }

  @Override
  public void forward(Stream stream, Tensor packed, List<Tensor> x, Tensor y) {
    var w = packed.memory();
    convolution.forward((CpuStream) stream, w, bias(w), memory(x), y.memory(), false);
  }

  @Override
  public long gatheredBytes() {
    return convolution.gatheredBytes();
  }

  @Override
  public void backward(
      Stream stream,
      Tensor packed,
      List<Tensor> x,
      Tensor dy,
      List<Tensor> dx,
      Tensor gathered,
      List<Tensor> dw,
      List<Tensor> db) {
    convolution.backward(
        (CpuStream) stream,
        packed.memory(),
        memory(x),
        dy.memory(),
        memory(dx),
        gathered.memory(),
        memory(dw),
        memory(db));
  }

  @Override
  public void spread(Stream stream, Tensor gathered, List<Tensor> dw) {
    convolution.spread((CpuStream) stream, gathered.memory(), memory(dw));
  }
}
