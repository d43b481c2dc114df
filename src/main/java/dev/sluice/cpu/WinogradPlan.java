package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A float32 convolution by {@link WinogradConvolution}. Packed: transformed weights, bias. */
final class WinogradPlan implements ConvPlan {
  private final ConvSpec spec;
  private final WinogradConvolution convolution;

  WinogradPlan(ConvSpec spec) {
    this.spec = spec;
    this.convolution =
        new WinogradConvolution(spec, spec.batch(), true, spec.bias(), false, spec.inputs());
  }

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
    convolution.pack((CpuStream) stream, weights.get(0).memory(), packed.memory());
    if (spec.bias()) {
      bias(packed).copyFrom(weights.get(1).memory());
    }
  }

  private MemorySegment bias(Tensor packed) {
    return spec.bias() ? packed.memory().asSlice(weightBytes(), 4L * spec.outputs()) : null;
  }

  @Override
  public void forward(Stream stream, Tensor packed, Tensor x, Tensor y, boolean add) {
    convolution.forward(
        (CpuStream) stream,
        packed.memory(),
        bias(packed),
        new MemorySegment[] {x.memory()},
        y.memory(),
        add);
  }

  @Override
  public void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx) {
    convolution.addBackwardData((CpuStream) stream, packed.memory(), dy.memory(), dx.memory());
  }

  @Override
  public void backwardWeights(Stream stream, Tensor x, Tensor dy, Tensor dw, Tensor db) {
    var cpu = (CpuStream) stream;
    var scratch = cpu.scratch(convolution.gradientBytes())[0];
    convolution.backwardWeights(
        cpu, x.memory(), dy.memory(), dw.memory(), db == null ? null : db.memory(), scratch);
  }

  @Override
  public void backward(
      Stream stream, Tensor packed, Tensor x, Tensor dy, Tensor dx, Tensor dw, Tensor db) {
    var cpu = (CpuStream) stream;
    var du = cpu.scratch(convolution.gradientBytes())[0];
    convolution.backward(
        cpu,
        packed.memory(),
        new MemorySegment[] {x.memory()},
        dy.memory(),
        new MemorySegment[] {dx.memory()},
        du,
        0,
        db == null ? null : db.memory());
    convolution.unpack(cpu, du, new MemorySegment[] {dw.memory()});
  }
}
