package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A float32 convolution of channels-last frames by oneDNN. Packed: forward, backward, bias. */
final class OneDnnConvolution extends HostConvolution {
  private final ConvPrimitives primitives;
  private final Primitive forward;
  private final Primitive forwardAdd;
  private final Primitive packForward;
  private final long forwardBytes;
  private final Primitive data;
  private final Primitive packData;
  private final long dataBytes;
  private final Primitive weights;
  private final Primitive unpackWeights;

  OneDnnConvolution(OneDnnEngine engine, ConvSpec spec) {
    super(spec);
    this.primitives = new ConvPrimitives(engine, spec, Layout.CHANNELS_LAST, Layout.CHANNELS_LAST);
    try {
      this.forward = primitives.forward(spec.bias(), false, true, null);
      var layout = forward.descriptor(dnnl_query_weights_md());
      this.forwardAdd = primitives.forward(spec.bias(), true, true, layout);
      this.packForward = primitives.packing(layout);
      this.forwardBytes = Blocks.aligned(forward.bytes(dnnl_query_weights_md()));
      this.data = primitives.backwardData();
      this.packData = primitives.packing(data.descriptor(dnnl_query_weights_md()));
      this.dataBytes = Blocks.aligned(data.bytes(dnnl_query_weights_md()));
      this.weights = primitives.backwardWeights(spec.bias());
      this.unpackWeights = primitives.unpacking(weights.descriptor(dnnl_query_diff_weights_md()));
    } catch (RuntimeException e) {
      primitives.close();
      throw e;
    }
  }

  @Override
  String implementation() {
    return "direct, oneDNN " + forward.implementation();
  }

  @Override
  public long packedBytes() {
    return forwardBytes + dataBytes + Blocks.aligned(4L * spec.outputs());
  }

  @Override
  public void pack(Stream stream, List<Tensor> canonical, Tensor packed) {
    var cpu = (CpuStream) stream;
    var to = packed.memory();
    var w = canonical.get(0).memory();
    cpu.execute(packForward, ConvPrimitives.REORDER, w, to);
    cpu.execute(packData, ConvPrimitives.REORDER, w, to.asSlice(forwardBytes));
    if (spec.bias()) {
      to.asSlice(forwardBytes + dataBytes).copyFrom(canonical.get(1).memory());
    }
  }

  @Override
  void forward(CpuStream cpu, MemorySegment packed, MemorySegment x, MemorySegment y, boolean add) {
    var primitive = add ? forwardAdd : forward;
    if (spec.bias()) {
      var b = packed.asSlice(forwardBytes + dataBytes);
      cpu.execute(primitive, ConvPrimitives.FORWARD_BIAS, x, packed, y, b);
    } else {
      cpu.execute(primitive, ConvPrimitives.FORWARD, x, packed, y);
    }
  }

  @Override
  public void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx) {
    backwardData((CpuStream) stream, packed.memory(), dy.memory(), dx.memory());
  }

  private void backwardData(
      CpuStream cpu, MemorySegment packed, MemorySegment dy, MemorySegment dx) {
    var fresh = cpu.scratch(dx.byteSize())[0];
    cpu.execute(data, ConvPrimitives.BACKWARD_DATA, dy, packed.asSlice(forwardBytes), fresh);
    Loops.add(cpu.team(), fresh, dx);
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
    long bytes = weights.bytes(dnnl_query_diff_weights_md());
    var pad = cpu.scratch(bytes, dw.byteSize(), 4L * spec.outputs());
    if (spec.bias()) {
      cpu.execute(weights, ConvPrimitives.BACKWARD_WEIGHTS_BIAS, x, dy, pad[0], pad[2]);
      Loops.add(cpu.team(), pad[2], db);
    } else {
      cpu.execute(weights, ConvPrimitives.BACKWARD_WEIGHTS, x, dy, pad[0]);
    }
    cpu.execute(unpackWeights, ConvPrimitives.REORDER, pad[0], pad[1]);
    Loops.add(cpu.team(), pad[1], dw);
    if (dx != null) {
      backwardData(cpu, packed, dy, dx);
    }
  }

  @Override
  public boolean compiles() {
    return false;
  }

  @Override
  public void close() {
    primitives.close();
  }
}
