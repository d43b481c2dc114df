package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;

/**
 * What a ConvLSTM's algorithms differ in, over a few steps: the convolutions, and the reorders
 * between layouts. The gates cost the same in all.
 */
final class ConvLstmRound implements Runnable {
  private final CellSpec spec;
  private final GateConvolutions convolutions;
  private final FrameReorder frames;
  private final Trial trial;
  private final GateConvolutions.Pair values;
  private final GateConvolutions.Pair gradients;
  private final GateConvolutions.Pair weights;
  private final MemorySegment sums;
  private final MemorySegment packed;
  private final MemorySegment bias;
  private final MemorySegment outside;
  private final MemorySegment scratch;

  ConvLstmRound(CellSpec spec, GateConvolutions convolutions, FrameReorder frames, Trial trial) {
    this.spec = spec;
    this.convolutions = convolutions;
    this.frames = frames;
    this.trial = trial;
    long taps = 4L * spec.hidden() * spec.kernelHeight() * spec.kernelWidth();
    values = pair(trial, spec.steps() * pixels());
    sums = trial.floats(spec.steps() * pixels() * 4 * spec.hidden());
    packed = trial.floats(convolutions.packedBytes() / 4);
    bias = trial.floats(4L * spec.hidden());
    outside = trial.floats(spec.steps() * pixels() * Math.max(spec.hidden(), spec.inputs()));
    gradients = spec.training() ? pair(trial, pixels()) : null;
    weights = spec.training() ? pair(trial, taps) : null;
    scratch = spec.training() ? trial.floats(convolutions.scratchBytes() / 4) : null;
  }

  private long pixels() {
    return (long) spec.batch() * spec.height() * spec.width();
  }

  private GateConvolutions.Pair pair(Trial trial, long each) {
    return new GateConvolutions.Pair(
        spec.inputs() > 0 ? trial.floats(each * spec.inputs()) : null,
        trial.floats(each * spec.hidden()));
  }

  private MemorySegment frame(MemorySegment all, int t, int channels) {
    long bytes = 4 * pixels() * channels;
    return all == null ? null : all.asSlice(t * bytes, bytes);
  }

  private GateConvolutions.Pair before(int t) {
    return new GateConvolutions.Pair(
        frame(values.x(), t, spec.inputs()), frame(values.h(), t, spec.hidden()));
  }

  @Override
  public void run() {
    if (frames.converts() && values.x() != null) {
      frames.inputIn(trial.stream(), outside, values.x());
    }
    for (int t = 0; t < spec.steps(); t++) {
      convolutions.forward(
          trial.stream(), packed, bias, before(t), frame(sums, t, 4 * spec.hidden()));
      if (frames.converts()) {
        frames.out(trial.stream(), frame(values.h(), t, spec.hidden()), outside);
      }
    }
    if (spec.training()) {
      back();
    }
  }

  private void back() {
    convolutions.backwardStart(scratch);
    for (int t = spec.steps() - 1; t >= 0; t--) {
      if (frames.converts()) {
        frames.in(trial.stream(), outside, gradients.h());
      }
      var own = frame(sums, t, 4 * spec.hidden());
      convolutions.backward(trial.stream(), packed, before(t), own, gradients, bias, scratch);
    }
    long later = 4 * (spec.steps() - 1) * pixels() * spec.hidden();
    convolutions.backwardAll(
        trial.stream(),
        values.x(),
        frame(values.h(), 0, spec.hidden()),
        values.h().asSlice(0, later),
        sums,
        weights,
        bias,
        scratch);
  }
}
