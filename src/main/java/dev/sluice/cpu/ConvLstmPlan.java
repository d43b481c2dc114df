package dev.sluice.cpu;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.Choice;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.spi.Sequence;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;

/**
 * A float32 ConvLSTM over a whole sequence: what is serial is a convolution and a pointwise loop a
 * step.
 *
 * <p>Frames inside lie in one {@link Layout}; x and y are channels-last outside. Kept for backward
 * are the gates and c, and copies of h and x only where they lie otherwise inside. Packed: the
 * convolutions' weights, the bias, the peepholes in the layout of the cell.
 */
final class ConvLstmPlan implements CellPlan, Trial.Plan {
  private final CellSpec spec;
  private final Layout layout;
  private final boolean hasInput;
  private final LstmGates gates;
  private final GateConvolutions convolutions;
  private final FrameReorder frames;

  ConvLstmPlan(OneDnnEngine engine, CellSpec spec, CellAlgorithm algorithm) {
    this.spec = spec;
    this.layout = algorithm.layout();
    this.hasInput = spec.inputs() > 0;
    this.frames = new FrameReorder(engine, spec, layout);
    this.convolutions =
        algorithm == CellAlgorithm.WINOGRAD
            ? new JointConvolution(spec)
            : new SeparateConvolutions(engine, spec, layout, frames);
    int area = spec.height() * spec.width();
    boolean last = layout == Layout.CHANNELS_LAST;
    this.gates =
        new LstmGates(
            Reals.FLOATS,
            last ? spec.hidden() : spec.hidden() * area,
            CellClip.NONE,
            last ? area : 1);
  }

  Choice choice() {
    return new Choice(
        spec.kind().name().toLowerCase(Locale.ROOT),
        convolutions.implementation(),
        layout.name().toLowerCase(Locale.ROOT).replace('_', ' '));
  }

  private int gateRows() {
    return layout == Layout.CHANNELS_LAST
        ? spec.batch() * spec.height() * spec.width()
        : spec.batch();
  }

  private long frameBytes(int channels) {
    return 4L * spec.batch() * spec.height() * spec.width() * channels;
  }

  @Override
  public long packedBytes() {
    return Blocks.total(packedParts());
  }

  private long[] packedParts() {
    long map = spec.peephole() ? frameBytes(spec.hidden()) / spec.batch() : 0;
    return new long[] {convolutions.packedBytes(), 4L * 4 * spec.hidden(), map, map, map};
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cpu = (CpuStream) stream;
    var parts = Blocks.cut(packed.memory(), packedParts());
    convolutions.pack(cpu, matrices(weights), parts[0]);
    parts[1].copyFrom(weights.get(bias()).memory());
    for (int i = 0; spec.peephole() && i < 3; i++) {
      frames.packMap(weights.get(bias() + 1 + i).memory(), parts[2 + i]);
    }
  }

  /** Where the bias stands among the weights. */
  private int bias() {
    return hasInput ? 2 : 1;
  }

  private GateConvolutions.Pair matrices(List<Tensor> weights) {
    return new GateConvolutions.Pair(
        hasInput ? weights.get(0).memory() : null, weights.get(bias() - 1).memory());
  }

  /** The trip's own memory: gates, h before the first step or of all, c, x in the inner layout. */
  private long[] reserveParts() {
    long hidden = frameBytes(spec.hidden());
    long states = spec.training() ? spec.steps() + 1 : 2;
    return new long[] {
      (spec.training() ? spec.steps() : 1) * 4 * hidden,
      (frames.converts() ? states : 1) * hidden,
      states * hidden,
      frames.converts() && hasInput ? spec.steps() * frameBytes(spec.inputs()) : 0
    };
  }

  @Override
  public long reserveBytes() {
    return spec.training() ? Blocks.total(reserveParts()) : 0;
  }

  private MemorySegment[] peephole(MemorySegment[] packed) {
    return spec.peephole() ? new MemorySegment[] {packed[2], packed[3], packed[4]} : null;
  }

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var cpu = (CpuStream) stream;
    var w = Blocks.cut(packed.memory(), packedParts());
    var r =
        reserve == null
            ? cpu.scratch(reserveParts())
            : Blocks.cut(reserve.memory(), reserveParts());
    start(cpu, values.initial(), 0, r[1]);
    start(cpu, values.initial(), 1, entry(r[2], 0, 1));
    if (hasInput && frames.converts()) {
      frames.inputIn(cpu, values.x().memory(), r[3]);
    }
    for (int t = 0; t < spec.steps(); t++) {
      step(cpu, t, w, r, values);
    }
    frames.out(cpu, output(values, r, spec.steps()), values.last().get(0).memory());
    frames.out(cpu, entry(r[2], spec.steps(), 1), values.last().get(1).memory());
  }

  private MemorySegment frame(MemorySegment all, int t, int channels) {
    return all == null ? null : all.asSlice(t * frameBytes(channels), frameBytes(channels));
  }

  /** Frame t of as many as are kept, which take turns. */
  private MemorySegment entry(MemorySegment all, int t, int times) {
    long entries = all.byteSize() / frameBytes(times * spec.hidden());
    return frame(all, (int) (t % entries), times * spec.hidden());
  }

  /** h before step t. */
  private MemorySegment output(Sequence values, MemorySegment[] r, int t) {
    return frames.converts() || t == 0
        ? entry(r[1], t, 1)
        : frame(values.y().memory(), t - 1, spec.hidden());
  }

  /** h before the first step, or null where it is zero and there is input. */
  private MemorySegment first(Sequence values, MemorySegment[] r) {
    return hasInput && values.initial().get(0) == null ? null : output(values, r, 0);
  }

  /** h before all steps but the first. */
  private MemorySegment later(Sequence values, MemorySegment[] r) {
    long hidden = frameBytes(spec.hidden());
    var from = frames.converts() ? r[1].asSlice(hidden) : values.y().memory();
    return from.asSlice(0, (spec.steps() - 1) * hidden);
  }

  private MemorySegment input(Sequence values, MemorySegment[] r) {
    return !hasInput ? null : frames.converts() ? r[3] : values.x().memory();
  }

  /** x and the h before of one step. */
  private GateConvolutions.Pair framesOf(int t, Sequence values, MemorySegment[] r) {
    return new GateConvolutions.Pair(
        frame(input(values, r), t, spec.inputs()),
        t == 0 ? first(values, r) : output(values, r, t));
  }

  private void step(CpuStream cpu, int t, MemorySegment[] w, MemorySegment[] r, Sequence values) {
    var sums = entry(r[0], t, 4);
    var h = output(values, r, t + 1);
    convolutions.forward(cpu, w[0], w[1], framesOf(t, values, r), sums);
    gates.forward(
        cpu.team(),
        gateRows(),
        new LstmGates.Forward(
            sums,
            null,
            peephole(w),
            entry(r[2], t, 1),
            entry(r[2], t + 1, 1),
            null,
            h,
            null,
            0,
            null));
    if (frames.converts()) {
      frames.out(cpu, h, frame(values.y().memory(), t, spec.hidden()));
    }
  }

  private void start(CpuStream cpu, List<Tensor> states, int which, MemorySegment to) {
    if (states == null || states.get(which) == null) {
      to.asSlice(0, frameBytes(spec.hidden())).fill((byte) 0);
    } else {
      frames.in(cpu, states.get(which).memory(), to);
    }
  }

  @Override
  public void backward(
      Stream stream,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve) {
    var cpu = (CpuStream) stream;
    var w = Blocks.cut(packed.memory(), packedParts());
    var r = Blocks.cut(reserve.memory(), reserveParts());
    long hidden = frameBytes(spec.hidden());
    var scratch =
        cpu.scratch(
            hidden,
            hidden,
            frames.converts() ? hidden : 0,
            convolutions.scratchBytes(),
            w[2].byteSize(),
            w[2].byteSize(),
            w[2].byteSize());
    start(cpu, gradients.last(), 0, scratch[0]);
    start(cpu, gradients.last(), 1, scratch[1]);
    var maps = spec.peephole() ? new MemorySegment[] {scratch[4], scratch[5], scratch[6]} : null;
    if (maps != null) {
      List.of(maps).forEach(m -> m.fill((byte) 0));
    }
    var dx = hasInput && gradients.x() != null ? gradients.x().memory() : null;
    var db = weights.get(bias()).memory();
    convolutions.backwardStart(scratch[3]);
    for (int t = spec.steps() - 1; t >= 0; t--) {
      stepBack(cpu, t, w, r, scratch, gradients, maps);
      boolean wanted = t > 0 || (gradients.initial() != null && gradients.initial().get(0) != null);
      convolutions.backward(
          cpu,
          w[0],
          framesOf(t, values, r),
          entry(r[0], t, 4),
          new GateConvolutions.Pair(frame(dx, t, spec.inputs()), wanted ? scratch[0] : null),
          db,
          scratch[3]);
    }
    finish(cpu, gradients.initial(), scratch);
    convolutions.backwardAll(
        cpu,
        input(values, r),
        first(values, r),
        later(values, r),
        r[0],
        matrices(weights),
        db,
        scratch[3]);
    for (int i = 0; maps != null && i < 3; i++) {
      frames.addMap(maps[i], weights.get(weights.size() - 3 + i).memory());
    }
  }

  private void stepBack(
      CpuStream cpu,
      int t,
      MemorySegment[] w,
      MemorySegment[] r,
      MemorySegment[] scratch,
      Sequence gradients,
      MemorySegment[] maps) {
    var sums = entry(r[0], t, 4);
    var s =
        new LstmGates.Backward(
            sums,
            peephole(w),
            entry(r[2], t, 1),
            entry(r[2], t + 1, 1),
            arrived(cpu, gradients, t, scratch[2]),
            layout == Layout.CHANNELS_LAST
                ? spec.hidden()
                : (long) spec.hidden() * spec.height() * spec.width(),
            scratch[0],
            scratch[1],
            null);
    gates.backward(cpu.team(), gateRows(), s);
    if (maps != null) {
      gates.backwardPeephole(cpu.team(), gateRows(), s, maps);
    }
  }

  private MemorySegment arrived(CpuStream cpu, Sequence gradients, int t, MemorySegment converted) {
    if (gradients.y() == null) {
      return null;
    }
    var dy = frame(gradients.y().memory(), t, spec.hidden());
    if (!frames.converts()) {
      return dy;
    }
    frames.in(cpu, dy, converted);
    return converted;
  }

  private void finish(CpuStream cpu, List<Tensor> initial, MemorySegment[] scratch) {
    for (int i = 0; initial != null && i < 2; i++) {
      if (initial.get(i) != null) {
        frames.addOut(cpu, scratch[i], initial.get(i).memory());
      }
    }
  }

  @Override
  public Runnable round(Trial trial) {
    return new ConvLstmRound(spec, convolutions, frames, trial);
  }

  @Override
  public boolean compiles() {
    return convolutions instanceof JointConvolution;
  }

  @Override
  public void close() {
    convolutions.close();
    frames.close();
  }
}
