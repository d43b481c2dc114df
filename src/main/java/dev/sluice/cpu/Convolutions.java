package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;

/** A cell's convolution by oneDNN's direct algorithm. */
final class Convolutions implements AutoCloseable {
  private final ConvPrimitives primitives;
  private final boolean bias;
  private final Primitive forward;
  private final Primitive packForward;
  private final Primitive backward;
  private final Primitive packBackward;
  private final Primitive weights;
  private final Primitive unpackWeights;
  private final ConvSpec spec;
  private final long[] packedParts;
  private final long[] gradientParts;

  /**
   * @param bias whether forward adds the bias
   * @param add whether forward adds to what is there
   */
  Convolutions(
      OneDnnEngine engine, CellSpec cell, int channels, Layout layout, boolean bias, boolean add) {
    this.bias = bias;
    this.spec = conv(cell, channels);
    boolean training = cell.training();
    this.primitives = new ConvPrimitives(engine, spec, layout, layout);
    try {
      this.forward = primitives.forward(bias, add, training, null);
      this.packForward = primitives.packing(forward.descriptor(dnnl_query_weights_md()));
      this.backward = training ? primitives.backwardData() : null;
      this.packBackward =
          training ? primitives.packing(backward.descriptor(dnnl_query_weights_md())) : null;
      this.weights = training ? primitives.backwardWeights(true) : null;
      this.unpackWeights =
          training ? primitives.unpacking(weights.descriptor(dnnl_query_diff_weights_md())) : null;
      this.packedParts = packedParts();
      this.gradientParts = training ? gradientParts() : null;
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  static ConvSpec conv(CellSpec cell, int channels) {
    return new ConvSpec(
        cell.type(),
        cell.batch(),
        cell.height(),
        cell.width(),
        channels,
        4 * cell.hidden(),
        cell.kernelHeight(),
        cell.kernelWidth(),
        true);
  }

  private long[] packedParts() {
    return new long[] {
      forward.bytes(dnnl_query_weights_md()),
      backward == null ? 0 : backward.bytes(dnnl_query_weights_md())
    };
  }

  String implementation() {
    return "direct, oneDNN " + forward.implementation();
  }

  long packedBytes() {
    return Blocks.total(packedParts);
  }

  void pack(CpuStream stream, MemorySegment w, MemorySegment packed) {
    var parts = Blocks.cut(packed, packedParts);
    stream.execute(packForward, ConvPrimitives.REORDER, w, parts[0]);
    if (backward != null) {
      stream.execute(packBackward, ConvPrimitives.REORDER, w, parts[1]);
    }
  }

  /** y, overwritten or added to, with the bias or without, as it was made. */
  void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, MemorySegment x, MemorySegment y) {
    if (bias) {
      stream.execute(forward, ConvPrimitives.FORWARD_BIAS, x, packed, y, b);
    } else {
      stream.execute(forward, ConvPrimitives.FORWARD, x, packed, y);
    }
  }

  /** dx, overwritten. */
  void backwardData(CpuStream stream, MemorySegment packed, MemorySegment dy, MemorySegment dx) {
    var w = packed.asSlice(Blocks.aligned(packedParts[0]));
    stream.execute(backward, ConvPrimitives.BACKWARD_DATA, dy, w, dx);
  }

  private long[] gradientParts() {
    return new long[] {
      weights.bytes(dnnl_query_diff_weights_md()),
      4L * spec.outputs() * spec.inputs() * spec.kernelHeight() * spec.kernelWidth(),
      4L * spec.outputs()
    };
  }

  /** Scratch that {@link #backwardWeights} needs. */
  long gradientBytes() {
    return Blocks.total(gradientParts);
  }

  /** dw and db, added to; db may be null. */
  void backwardWeights(
      CpuStream stream,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dw,
      MemorySegment db,
      MemorySegment scratch) {
    var parts = Blocks.cut(scratch, gradientParts);
    stream.execute(weights, ConvPrimitives.BACKWARD_WEIGHTS_BIAS, x, dy, parts[0], parts[2]);
    stream.execute(unpackWeights, ConvPrimitives.REORDER, parts[0], parts[1]);
    Loops.add(stream.team(), parts[1], dw);
    if (db != null) {
      Loops.add(stream.team(), parts[2], db);
    }
  }

  /** Bytes of the gradient of the input of a forward pass. */
  long inputGradientBytes() {
    return 4L * spec.batch() * spec.height() * spec.width() * spec.inputs();
  }

  @Override
  public void close() {
    primitives.close();
  }
}
