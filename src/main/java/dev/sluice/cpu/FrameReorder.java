package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** Carries a cell's frames between channels-last, outside, and the layout inside. */
final class FrameReorder implements AutoCloseable {
  private record Way(int channels, Layout from, Layout to) {}

  private final OneDnnEngine engine;
  private final CellSpec spec;
  private final Layout inner;
  private final Map<Way, Primitive> ways = new HashMap<>();

  FrameReorder(OneDnnEngine engine, CellSpec spec, Layout inner) {
    this.engine = engine;
    this.spec = spec;
    this.inner = inner;
  }

  /** Whether frames lie otherwise inside. */
  boolean converts() {
    return inner != Layout.CHANNELS_LAST;
  }

  /** The frames of a step of the hidden width, from outside in. */
  void in(CpuStream stream, MemorySegment from, MemorySegment to) {
    convert(stream, new Way(spec.hidden(), Layout.CHANNELS_LAST, inner), from, to);
  }

  /** The frames of a step of the hidden width, from inside out. */
  void out(CpuStream stream, MemorySegment from, MemorySegment to) {
    convert(stream, new Way(spec.hidden(), inner, Layout.CHANNELS_LAST), from, to);
  }

  /** As {@link #out}, added to what is there. */
  void addOut(CpuStream stream, MemorySegment from, MemorySegment to) {
    addConverted(stream, new Way(spec.hidden(), inner, Layout.CHANNELS_LAST), from, to);
  }

  /** The input frames of a step, from outside in. */
  void inputIn(CpuStream stream, MemorySegment from, MemorySegment to) {
    convert(stream, new Way(spec.inputs(), Layout.CHANNELS_LAST, inner), from, to);
  }

  /** The gradient of a step's input frames, from inside out, added. */
  void addInputOut(CpuStream stream, MemorySegment from, MemorySegment to) {
    var way = new Way(spec.inputs(), inner, Layout.CHANNELS_LAST);
    addConverted(stream, way, from, to);
  }

  private long bytes(Way way) {
    return 4L * spec.batch() * spec.height() * spec.width() * way.channels;
  }

  private void convert(CpuStream stream, Way way, MemorySegment from, MemorySegment to) {
    if (way.from == way.to) {
      stream.tape().add(() -> MemorySegment.copy(from, 0, to, 0, bytes(way)));
    } else {
      stream.execute(primitive(way), ConvPrimitives.REORDER, from, to);
    }
  }

  private void addConverted(CpuStream stream, Way way, MemorySegment from, MemorySegment to) {
    var plain = from.asSlice(0, bytes(way));
    if (way.from != way.to) {
      plain = stream.stepScratch(bytes(way)).asSlice(0, bytes(way));
      convert(stream, way, from, plain);
    }
    Loops.add(stream.team(), plain, to);
  }

  private synchronized Primitive primitive(Way way) {
    return ways.computeIfAbsent(way, this::make);
  }

  private Primitive make(Way way) {
    try (var frames = new Descriptors()) {
      long n = spec.batch();
      var from = frames.tagged(way.from.tag(), n, way.channels, spec.height(), spec.width());
      var to = frames.tagged(way.to.tag(), n, way.channels, spec.height(), spec.width());
      return Primitive.reorder(engine, from, to);
    }
  }

  /** A peephole map [K, H, W] into the layout of one frame. */
  void packMap(MemorySegment canonical, MemorySegment packed) {
    for (int e = 0; e < elements(); e++) {
      Reals.FLOATS.set(packed, inside(e), Reals.FLOATS.get(canonical, e));
    }
  }

  /** The gradient of a peephole map back, added. */
  void addMap(MemorySegment packed, MemorySegment canonical) {
    for (int e = 0; e < elements(); e++) {
      Reals.FLOATS.add(canonical, e, Reals.FLOATS.get(packed, inside(e)));
    }
  }

  private int elements() {
    return spec.hidden() * spec.height() * spec.width();
  }

  /** Where element e of [K, H, W] lies inside. */
  private long inside(int e) {
    int area = spec.height() * spec.width();
    int channel = e / area;
    int pixel = e % area;
    int block = inner == Layout.CHANNELS_LAST ? spec.hidden() : inner.block();
    return ((long) (channel / block) * area + pixel) * block + channel % block;
  }

  @Override
  public void close() {
    ways.values().forEach(Primitive::close);
  }
}
