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
 * <p>Frames inside lie in one {@link Layout}; x and y are channels-last outside. Kept for backward,
 * besides x and y, are {@link KeptGates} and every sqrt(T)-th c: the others are made of them again.
 * Packed: the convolutions' weights, the bias, the peepholes in the layout of the cell.
 */
final class ConvLstmPlan implements CellPlan, Trial.Plan {
  /** What packed weights depend on: no number of steps. */
  private record Packs(CellAlgorithm algorithm, CellSpec step) {}

  private final CellSpec spec;
  private final Packs packs;
  private final Layout layout;
  private final boolean hasInput;

  /** Steps from one c that is kept to the next. */
  private final int segment;

  /** Whether a pixel's gates are carried apart, where they are no whole vectors. */
  private final boolean apart;

  private final Permutation toApart;
  private final Permutation toPixels;
  private final LstmGates gates;
  private final GateConvolutions convolutions;
  private final FrameReorder frames;

  ConvLstmPlan(OneDnnEngine engine, CellSpec spec, CellAlgorithm algorithm) {
    this.spec = spec;
    this.packs = new Packs(algorithm, spec.steps(1));
    this.layout = algorithm.layout();
    this.hasInput = spec.inputs() > 0;
    this.segment = (int) Math.ceil(Math.sqrt(spec.steps()));
    this.frames = new FrameReorder(engine, spec, layout);
    this.convolutions =
        algorithm.winograd()
            ? new JointConvolution(spec, algorithm.tile())
            : new SeparateConvolutions(engine, spec, layout, frames);
    int area = spec.height() * spec.width();
    boolean last = layout == Layout.CHANNELS_LAST;
    this.apart = last && VectorApi.PRESENT && spec.hidden() % Lanes.COUNT != 0;
    this.toApart = Permutation.ofInner(spec.batch(), area, 4, spec.hidden());
    this.toPixels = Permutation.ofInner(spec.batch(), 4, area, spec.hidden());
    boolean pixels = last && !apart;
    this.gates =
        new LstmGates(
            Reals.FLOATS,
            pixels ? spec.hidden() : spec.hidden() * area,
            CellClip.NONE,
            pixels ? area : 1);
  }

  Choice choice() {
    return new Choice(
        spec.kind().name().toLowerCase(Locale.ROOT),
        convolutions.implementation(),
        layout.name().toLowerCase(Locale.ROOT).replace('_', ' '));
  }

  private int gateRows() {
    return layout == Layout.CHANNELS_LAST && !apart
        ? spec.batch() * spec.height() * spec.width()
        : spec.batch();
  }

  private long frameBytes(int channels) {
    return 4L * spec.batch() * spec.height() * spec.width() * channels;
  }

  @Override
  public Object layout() {
    return packs;
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

  /** What forward leaves: the gates of all steps, c where a segment begins but the first. */
  private long[] reserveParts() {
    long hidden = frameBytes(spec.hidden());
    return new long[] {spec.steps() * 2 * hidden, (spec.steps() - 1) / segment * hidden};
  }

  @Override
  public long reserveBytes() {
    return spec.training() ? Blocks.total(reserveParts()) : 0;
  }

  private MemorySegment[] peephole(MemorySegment[] packed) {
    return spec.peephole() ? new MemorySegment[] {packed[2], packed[3], packed[4]} : null;
  }

  /**
   * Scratch memory of a step: sums, h before and after and x where they lie otherwise inside, gates
   * where they lie apart.
   */
  private long[] stepParts() {
    long hidden = frameBytes(spec.hidden());
    return new long[] {
      4 * hidden,
      hidden,
      frames.converts() ? hidden : 0,
      frames.converts() ? frameBytes(spec.inputs()) : 0,
      apart ? 4 * hidden : 0
    };
  }

  @Override
  public void forward(Stream stream, Tensor packed, Sequence values, Tensor reserve) {
    var cpu = (CpuStream) stream;
    var w = Blocks.cut(packed.memory(), packedParts());
    var r = reserve == null ? null : Blocks.cut(reserve.memory(), reserveParts());
    long hidden = frameBytes(spec.hidden());
    var scratch = cpu.scratch(Blocks.total(stepParts()), hidden, hidden);
    var own = Blocks.cut(scratch[0], stepParts());
    var h = first(cpu, values, 0, own[1]);
    var c = first(cpu, values, 1, scratch[1]);
    for (int t = 0; t < spec.steps(); t++) {
      convolutions.forward(cpu, w[0], w[1], before(cpu, values, t, h, own), own[0]);
      var y = frame(values.y().memory(), t, spec.hidden());
      h = frames.converts() ? own[2 - t % 2] : y;
      var after = r != null && begins(t + 1) ? begin(r, t + 1) : scratch[2 - t % 2];
      if (apart) {
        toApart.run(cpu.team(), Reals.FLOATS, own[0], own[4], false);
      }
      var sums = own[apart ? 4 : 0];
      var step = new LstmGates.Forward(sums, null, peephole(w), c, after, null, h, null, 0, null);
      step.kept = r == null ? null : kept(r, t);
      gates.forward(cpu.team(), gateRows(), step);
      c = after;
      if (frames.converts()) {
        frames.out(cpu, h, y);
      }
    }
    if (values.last().get(0) != null) {
      frames.out(cpu, h, values.last().get(0).memory());
    }
    frames.out(cpu, c, values.last().get(1).memory());
  }

  private MemorySegment frame(MemorySegment all, int t, int channels) {
    return all == null ? null : all.asSlice(t * frameBytes(channels), frameBytes(channels));
  }

  private MemorySegment kept(MemorySegment[] r, int t) {
    return frame(r[0], t, 2 * spec.hidden());
  }

  /** Whether c before step t is kept: a segment begins, and not the first. */
  private boolean begins(int t) {
    return t > 0 && t < spec.steps() && t % segment == 0;
  }

  private MemorySegment begin(MemorySegment[] r, int t) {
    return frame(r[1], t / segment - 1, spec.hidden());
  }

  /** A state before the first step, where it lies or in this room. */
  private MemorySegment first(CpuStream cpu, Sequence values, int which, MemorySegment room) {
    var given = values.initial().get(which);
    if (given != null && !frames.converts()) {
      return given.memory();
    }
    start(cpu, values.initial(), which, room);
    return room;
  }

  private void start(CpuStream cpu, List<Tensor> states, int which, MemorySegment to) {
    if (states == null || states.get(which) == null) {
      var zero = to.asSlice(0, frameBytes(spec.hidden()));
      cpu.tape().add(() -> zero.fill((byte) 0));
    } else {
      frames.in(cpu, states.get(which).memory(), to);
    }
  }

  /** What the convolutions of step t see: x, and h unless it is zero and there is input. */
  private GateConvolutions.Pair before(
      CpuStream cpu, Sequence values, int t, MemorySegment h, MemorySegment[] own) {
    var x = hasInput ? frame(values.x().memory(), t, spec.inputs()) : null;
    if (hasInput && frames.converts()) {
      frames.inputIn(cpu, x, own[3]);
      x = own[3];
    }
    boolean zero = t == 0 && hasInput && values.initial().get(0) == null;
    return new GateConvolutions.Pair(x, zero ? null : h);
  }

  @Override
  public void backward(
      Stream stream,
      Tensor packed,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      Tensor reserve) {
    new Back((CpuStream) stream, packed, values, gradients, weights, reserve).run();
  }

  /** One trip back. */
  private final class Back {
    private final CpuStream cpu;
    private final Sequence values;
    private final Sequence gradients;
    private final List<Tensor> weights;
    private final MemorySegment[] packed;
    private final MemorySegment[] reserve;

    /** dh, dc, dy inside, of the convolutions, three maps, c at first, c after each step. */
    private final MemorySegment[] scratch;

    private final MemorySegment[] own;
    private final MemorySegment[] maps;

    /** c before the first step of a segment, and after each. */
    private final MemorySegment[] cells = new MemorySegment[segment + 1];

    Back(
        CpuStream cpu,
        Tensor packed,
        Sequence values,
        Sequence gradients,
        List<Tensor> weights,
        Tensor reserve) {
      this.cpu = cpu;
      this.values = values;
      this.gradients = gradients;
      this.weights = weights;
      this.packed = Blocks.cut(packed.memory(), packedParts());
      this.reserve = Blocks.cut(reserve.memory(), reserveParts());
      long hidden = frameBytes(spec.hidden());
      long map = this.packed[2].byteSize();
      this.scratch =
          cpu.scratch(
              hidden,
              hidden,
              frames.converts() ? hidden : 0,
              convolutions.scratchBytes(),
              map,
              map,
              map,
              hidden,
              segment * hidden,
              Blocks.total(stepParts()));
      this.own = Blocks.cut(scratch[9], stepParts());
      this.maps = spec.peephole() ? new MemorySegment[] {scratch[4], scratch[5], scratch[6]} : null;
    }

    void run() {
      start(cpu, gradients.last(), 0, scratch[0]);
      start(cpu, gradients.last(), 1, scratch[1]);
      for (int i = 0; maps != null && i < 3; i++) {
        var map = maps[i];
        cpu.tape().add(() -> map.fill((byte) 0));
      }
      cpu.tape().add(() -> convolutions.backwardStart(scratch[3]));
      var h = output(spec.steps());
      for (int t = spec.steps() - 1; t >= 0; t--) {
        if (t == spec.steps() - 1 || begins(t + 1)) {
          makeCells(t);
        }
        var earlier = output(t);
        gates(t, h);
        sums(t, earlier);
        h = earlier;
      }
      convolutions.backwardEnd(cpu, matrices(weights), scratch[3]);
      finish();
    }

    /** h after the step before t, inside. */
    private MemorySegment output(int t) {
      var room = own[1 + t % 2];
      return t == 0
          ? first(cpu, values, 0, room)
          : inside(frame(values.y().memory(), t - 1, spec.hidden()), room);
    }

    private MemorySegment inside(MemorySegment frame, MemorySegment room) {
      if (!frames.converts()) {
        return frame;
      }
      frames.in(cpu, frame, room);
      return room;
    }

    /** Of the segment that ends with a step. */
    private void makeCells(int last) {
      int from = last / segment * segment;
      cells[0] = from == 0 ? first(cpu, values, 1, scratch[7]) : begin(reserve, from);
      for (int t = from; t <= last; t++) {
        int at = t - from;
        cells[at + 1] = frame(scratch[8], at, spec.hidden());
        gates.again(cpu.team(), gateRows(), kept(reserve, t), cells[at], cells[at + 1]);
      }
    }

    private void gates(int t, MemorySegment h) {
      var dy = gradients.y();
      var s =
          new LstmGates.Backward(
              own[apart ? 4 : 0],
              peephole(packed),
              cells[t % segment],
              cells[t % segment + 1],
              dy == null ? null : inside(frame(dy.memory(), t, spec.hidden()), scratch[2]),
              gates.length(),
              scratch[0],
              scratch[1],
              null);
      s.kept = kept(reserve, t);
      s.h = h;
      gates.backward(cpu.team(), gateRows(), s);
      if (maps != null) {
        gates.backwardPeephole(cpu.team(), gateRows(), s, maps);
      }
      if (apart) {
        toPixels.run(cpu.team(), Reals.FLOATS, own[4], own[0], false);
      }
    }

    private void sums(int t, MemorySegment h) {
      var dx = hasInput && gradients.x() != null ? gradients.x().memory() : null;
      boolean wanted = t > 0 || (gradients.initial() != null && gradients.initial().get(0) != null);
      convolutions.backward(
          cpu,
          packed[0],
          before(cpu, values, t, h, own),
          own[0],
          new GateConvolutions.Pair(frame(dx, t, spec.inputs()), wanted ? scratch[0] : null),
          matrices(weights),
          weights.get(bias()).memory(),
          scratch[3]);
    }

    private void finish() {
      var initial = gradients.initial();
      for (int i = 0; initial != null && i < 2; i++) {
        if (initial.get(i) != null) {
          frames.addOut(cpu, scratch[i], initial.get(i).memory());
        }
      }
      for (int i = 0; maps != null && i < 3; i++) {
        var map = maps[i];
        var to = weights.get(weights.size() - 3 + i).memory();
        cpu.tape().add(() -> frames.addMap(map, to));
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
