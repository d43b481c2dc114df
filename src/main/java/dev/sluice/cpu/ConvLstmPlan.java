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
 * <p>Frames inside lie in one {@link Layout}; x and y are channels-last outside. Packed: the
 * convolutions' weights, the bias, the peepholes in the layout of the cell.
 */
final class ConvLstmPlan implements CellPlan, AutoCloseable {
  private final CellSpec spec;
  private final Layout layout;
  private final boolean hasInput;
  private final LstmGates gates;
  private final GateConvolutions convolutions;
  private final FrameReorder frames;

  ConvLstmPlan(MemorySegment engine, CellSpec spec, CellAlgorithm algorithm) {
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

  /** The trip's own memory: activations, h and c of all steps, x in the inner layout. */
  private long[] reserveParts() {
    long hidden = frameBytes(spec.hidden());
    long more = spec.steps() + 1;
    return new long[] {
      spec.steps() * 4 * hidden,
      more * hidden,
      more * hidden,
      hasInput && frames.convertsInput() ? spec.steps() * frameBytes(spec.inputs()) : 0
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
    long hidden = frameBytes(spec.hidden());
    start(cpu, values.initial(), 0, r[1].asSlice(0, hidden));
    start(cpu, values.initial(), 1, r[2].asSlice(0, hidden));
    var x = hasInput ? innerInput(cpu, values, r[3], true) : null;
    convolutions.forwardAll(cpu, w[0], w[1], x, r[0]);
    for (int t = 0; t < spec.steps(); t++) {
      step(cpu, t, w, r, framesOf(t, values, x, r[1]));
    }
    frames.out(cpu, spec.steps(), r[1].asSlice(hidden), values.y().memory());
    long end = spec.steps() * hidden;
    frames.out(cpu, 1, r[1].asSlice(end), values.last().get(0).memory());
    frames.out(cpu, 1, r[2].asSlice(end), values.last().get(1).memory());
  }

  /** x and the h before of one step; h is null where it is zero and there is input. */
  private GateConvolutions.Pair framesOf(int t, Sequence values, MemorySegment x, MemorySegment h) {
    long hidden = frameBytes(spec.hidden());
    boolean zero = hasInput && t == 0 && values.initial().get(0) == null;
    return new GateConvolutions.Pair(stepOf(t, x), zero ? null : h.asSlice(t * hidden, hidden));
  }

  /** One step of frames of the input's width, or null for null. */
  private MemorySegment stepOf(int t, MemorySegment x) {
    long bytes = frameBytes(spec.inputs());
    return x == null ? null : x.asSlice(t * bytes, bytes);
  }

  private void step(
      CpuStream cpu, int t, MemorySegment[] w, MemorySegment[] r, GateConvolutions.Pair frames) {
    long hidden = frameBytes(spec.hidden());
    var sums = r[0].asSlice(t * 4 * hidden, 4 * hidden);
    convolutions.forward(cpu, w[0], w[1], frames, sums);
    gates.forward(
        cpu.team(),
        gateRows(),
        new LstmGates.Forward(
            sums,
            null,
            peephole(w),
            r[2].asSlice(t * hidden, hidden),
            r[2].asSlice((t + 1) * hidden, hidden),
            null,
            r[1].asSlice((t + 1) * hidden, hidden),
            null,
            0,
            null,
            t));
  }

  private MemorySegment innerInput(
      CpuStream cpu, Sequence values, MemorySegment converted, boolean convert) {
    if (!frames.convertsInput()) {
      return values.x().memory();
    }
    if (convert) {
      frames.inputIn(cpu, values.x().memory(), converted);
    }
    return converted;
  }

  private void start(CpuStream cpu, List<Tensor> states, int which, MemorySegment to) {
    if (states == null || states.get(which) == null) {
      to.fill((byte) 0);
    } else {
      frames.in(cpu, 1, states.get(which).memory(), to);
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
            gradients.y() == null ? 0 : spec.steps() * hidden,
            convolutions.scratchBytes(),
            w[2].byteSize(),
            w[2].byteSize(),
            w[2].byteSize());
    start(cpu, gradients.last(), 0, scratch[0]);
    start(cpu, gradients.last(), 1, scratch[1]);
    if (gradients.y() != null) {
      frames.in(cpu, spec.steps(), gradients.y().memory(), scratch[2]);
    }
    var maps = spec.peephole() ? new MemorySegment[] {scratch[4], scratch[5], scratch[6]} : null;
    if (maps != null) {
      List.of(maps).forEach(m -> m.fill((byte) 0));
    }
    var x = hasInput ? innerInput(cpu, values, r[3], false) : null;
    var dx = hasInput && gradients.x() != null ? gradients.x().memory() : null;
    var db = weights.get(bias()).memory();
    convolutions.backwardStart(scratch[3]);
    for (int t = spec.steps() - 1; t >= 0; t--) {
      stepBack(cpu, t, w, r, scratch, gradients, maps);
      boolean wanted = t > 0 || (gradients.initial() != null && gradients.initial().get(0) != null);
      convolutions.backward(
          cpu,
          w[0],
          framesOf(t, values, x, r[1]),
          r[0].asSlice(t * 4 * hidden, 4 * hidden),
          new GateConvolutions.Pair(stepOf(t, dx), wanted ? scratch[0] : null),
          db,
          scratch[3]);
    }
    finish(cpu, gradients.initial(), scratch);
    var all = new GateConvolutions.Pair(x, r[1].asSlice(0, spec.steps() * hidden));
    convolutions.backwardAll(cpu, w[0], all, r[0], dx, matrices(weights), db, scratch[3]);
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
    long hidden = frameBytes(spec.hidden());
    var sums = r[0].asSlice(t * 4 * hidden, 4 * hidden);
    var dy = gradients.y() == null ? null : scratch[2].asSlice(t * hidden, hidden);
    var s =
        new LstmGates.Backward(
            sums,
            peephole(w),
            r[2].asSlice(t * hidden, hidden),
            r[2].asSlice((t + 1) * hidden, hidden),
            dy,
            layout == Layout.CHANNELS_LAST
                ? spec.hidden()
                : (long) spec.hidden() * spec.height() * spec.width(),
            scratch[0],
            scratch[1],
            null,
            t);
    gates.backward(cpu.team(), gateRows(), s);
    if (maps != null) {
      gates.backwardPeephole(cpu.team(), gateRows(), s, maps);
    }
  }

  private void finish(CpuStream cpu, List<Tensor> initial, MemorySegment[] scratch) {
    for (int i = 0; initial != null && i < 2; i++) {
      if (initial.get(i) != null) {
        frames.addOut(cpu, 1, scratch[i], initial.get(i).memory());
      }
    }
  }

  /** Nanoseconds that a step's convolutions take; the rest costs the same in every layout. */
  long time(CpuStream cpu) {
    return convolutions.time(cpu);
  }

  @Override
  public void close() {
    convolutions.close();
    frames.close();
  }
}
