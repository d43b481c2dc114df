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
    sums = trial.floats(pixels() * 4 * spec.hidden());
    packed = trial.floats(convolutions.packedBytes() / 4);
    bias = trial.floats(4L * spec.hidden());
    outside = trial.floats(pixels() * Math.max(spec.hidden(), spec.inputs()));
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
    for (int t = 0; t < spec.steps(); t++) {
      var known = before(t);
      inputIn(known);
      convolutions.forward(trial.stream(), packed, bias, known, sums);
      if (frames.converts()) {
        frames.out(trial.stream(), known.h(), outside);
      }
    }
    if (spec.training()) {
      back();
    }
  }

  private void inputIn(GateConvolutions.Pair known) {
    if (frames.converts() && known.x() != null) {
      frames.inputIn(trial.stream(), outside, known.x());
    }
  }

  private void back() {
    convolutions.backwardStart(scratch);
    for (int t = spec.steps() - 1; t >= 0; t--) {
      var known = before(t);
      inputIn(known);
      if (frames.converts()) {
        frames.in(trial.stream(), outside, known.h());
        frames.in(trial.stream(), outside, gradients.h());
      }
      convolutions.backward(trial.stream(), packed, known, sums, gradients, weights, bias, scratch);
    }
    convolutions.backwardEnd(trial.stream(), weights, scratch);
  }
}
