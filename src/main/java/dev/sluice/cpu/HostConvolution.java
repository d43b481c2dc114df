package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;

/** A float32 convolution of channels-last frames in the host's memory. */
abstract sealed class HostConvolution implements ConvPlan, Trial.Plan
    permits OneDnnConvolution, WinogradPlan {
  final ConvSpec spec;

  HostConvolution(ConvSpec spec) {
    this.spec = spec;
  }

  /** What computes it. */
  abstract String implementation();

  /** As {@link ConvPlan#forward}. */
  abstract void forward(
      CpuStream stream, MemorySegment packed, MemorySegment x, MemorySegment y, boolean add);

  /** As {@link ConvPlan#backward}, dx null where it is not wanted, db where there is no bias. */
  abstract void backward(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dx,
      MemorySegment dw,
      MemorySegment db);

  @Override
  public final void forward(Stream stream, Tensor packed, Tensor x, Tensor y, boolean add) {
    forward((CpuStream) stream, packed.memory(), x.memory(), y.memory(), add);
  }

  @Override
  public final void backwardWeights(Stream stream, Tensor x, Tensor dy, Tensor dw, Tensor db) {
    backward((CpuStream) stream, null, x.memory(), dy.memory(), null, dw.memory(), memory(db));
  }

  @Override
  public final void backward(
      Stream stream, Tensor packed, Tensor x, Tensor dy, Tensor dx, Tensor dw, Tensor db) {
    backward(
        (CpuStream) stream,
        packed.memory(),
        x.memory(),
        dy.memory(),
        dx.memory(),
        dw.memory(),
        memory(db));
  }

  private static MemorySegment memory(Tensor db) {
    return db == null ? null : db.memory();
  }

  /** A training step of it. */
  @Override
  public final Runnable round(Trial trial) {
    long pixels = (long) spec.batch() * spec.height() * spec.width();
    var packed = trial.floats(packedBytes() / 4);
    var x = trial.floats(pixels * spec.inputs());
    var dx = trial.floats(pixels * spec.inputs());
    var y = trial.floats(pixels * spec.outputs());
    long taps = (long) spec.kernelHeight() * spec.kernelWidth();
    var dw = trial.floats(taps * spec.inputs() * spec.outputs());
    var db = spec.bias() ? trial.floats(spec.outputs()) : null;
    return () -> {
      forward(trial.stream(), packed, x, y, true);
      backward(trial.stream(), packed, x, y, dx, dw, db);
    };
  }
}
