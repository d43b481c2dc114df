package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A 3x3 convolution by Winograd's F(4x4, 3x3), or a 5x5 one by F(4x4, 5x5): tiles of 4x4 outputs
 * become 36 matrix products with a quarter of the multiplications, or 64 with a sixth. With tiles
 * of 2x2, which round less, 16 with 1/2.25, or 36 with 1/2.8. Backward is the adjoint of each step
 * of forward. Packed: the transformed weights, which serve both ways.
 *
 * <p>Frames are channels-last. Tiles go through in chunks whose products stay in the caches; a
 * {@link WinogradTrip} takes them through.
 */
final class WinogradConvolution {
  /** Tiles of a chunk. */
  private static final int CHUNK = 128;

  private static final MemorySegment[] NOWHERE = {};

  /** Channels that come from frames of their own, and the first of theirs in the matrices. */
  record Source(WinogradFrames patches, WinogradWeights weights, int first) {
    /** After the last one that is not mere room. */
    int end() {
      return first + patches.channels();
    }
  }

  final WinogradTransform transform;
  final Source[] sources;
  final WinogradFrames tiles;

  /** Columns of the matrices, with room for whole vectors. */
  final int inputs;

  final int outputs;

  /** Tiles of a row of a frame, of a chunk, of all frames. */
  final int perRow;

  final int chunk;
  final int count;

  private final ConvSpec spec;

  /**
   * @param spec whose inputs are those of all sources
   * @param tile outputs along a side of a tile, 2 or 4
   * @param widths channels of each source
   */
  WinogradConvolution(ConvSpec spec, int tile, int... widths) {
    this(spec, tile, widths, 0, spec.outputs());
  }

  /**
   * A convolution to some of the columns of y.
   *
   * @param column the first of them
   * @param columns of y
   */
  WinogradConvolution(ConvSpec spec, int tile, int[] widths, int column, int columns) {
    this.spec = spec;
    this.transform = WinogradTransform.of(tile, spec.kernelHeight());
    this.inputs = Arrays.stream(widths).map(WinogradConvolution::padded).sum();
    this.outputs = padded(spec.outputs());
    this.sources = new Source[widths.length];
    int first = 0;
    for (int i = 0; i < widths.length; i++) {
      sources[i] = source(widths[i], first);
      first += padded(widths[i]);
    }
    this.tiles = frames(spec.outputs(), column, columns, tile, 0);
    this.perRow = tiles.tilesAcross();
    int rows = spec.batch() * tiles.tilesDown();
    this.count = rows * perRow;
    this.chunk = Math.clamp(CHUNK / perRow, 1, rows) * perRow;
  }

  private Source source(int width, int first) {
    return new Source(
        frames(width, 0, width, transform.side, transform.taps / 2),
        new WinogradWeights(transform, width, spec.outputs(), first, inputs, outputs),
        first);
  }

  private WinogradFrames frames(int channels, int first, int columns, int size, int margin) {
    return new WinogradFrames(
        spec.height(),
        spec.width(),
        channels,
        first,
        columns,
        transform.tile,
        size,
        margin,
        padded(channels));
  }

  /** Whether a cell's recurrent convolution can be done this way. */
  static boolean fits(CellSpec cell) {
    return fits(cell.kernelHeight(), cell.kernelWidth());
  }

  /**
   * Whether a convolution can be done this way. One of 5x5 is up to seven times as far off as a
   * direct one; where a layer norm follows, that is beyond the tolerance of float32.
   */
  static boolean fits(ConvSpec spec) {
    return !(spec.normed() && spec.kernelHeight() > 3)
        && fits(spec.kernelHeight(), spec.kernelWidth());
  }

  private static boolean fits(int high, int wide) {
    return VectorApi.PRESENT && high == wide && (high == 3 || high == 5);
  }

  /** A multiple of a vector's length. */
  static int padded(int channels) {
    return (channels + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
  }

  String implementation() {
    return "Winograd F(%dx%1$d, %dx%2$d)".formatted(transform.tile, transform.taps);
  }

  int channels() {
    return spec.outputs();
  }

  /** Bytes of the packed weights. */
  long packedBytes() {
    return 4L * transform.points * inputs * outputs;
  }

  /** Bytes of gathered gradients: those of the packed weights, and how many outputs they are of. */
  long gatheredBytes() {
    return packedBytes() + 4;
  }

  int gathered(MemorySegment du) {
    return du.get(ValueLayout.JAVA_INT, packedBytes());
  }

  /** Zero: what is in du counts for nothing. */
  void gathered(MemorySegment du, int count) {
    du.set(ValueLayout.JAVA_INT, packedBytes(), count);
  }

  /** The weights of each source. */
  void pack(CpuStream stream, MemorySegment[] w, MemorySegment packed) {
    if (spec.inputs() < inputs) {
      packed.asSlice(0, packedBytes()).fill((byte) 0);
    }
    for (int i = 0; i < sources.length; i++) {
      sources[i].weights.forward(stream.team(), w[i], packed);
    }
  }

  /**
   * y (+)= w * x (+ b); b may be null.
   *
   * @param x of each source; null where it is zero, but not all
   */
  void forward(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment b,
      MemorySegment[] x,
      MemorySegment y,
      boolean add) {
    if (stream.tape().records()) {
      // The trip's object is another call's by the time that this one is done again.
      stream.tape().add(() -> forward(stream, packed, b, x, y, add));
    } else {
      stream.winograd().forward(this, stream, packed, b, x, y, add);
    }
  }

  /**
   * dx += the adjoint of w * x.
   *
   * @param dx of each source; null where it is not wanted, but not all
   */
  void backwardData(CpuStream stream, MemorySegment packed, MemorySegment dy, MemorySegment[] dx) {
    backward(stream, packed, new MemorySegment[sources.length], dy, dx, null, null, NOWHERE);
  }

  /**
   * The whole way back over the frames of a forward pass: dy is transformed once for all.
   *
   * @param x of each source; null where it is zero
   * @param dx added to, of each source; null where it is not wanted
   * @param du where the weights' gradients are gathered
   * @param dw of each source; added to when many are gathered
   * @param db added to, any number
   */
  void backward(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment[] x,
      MemorySegment dy,
      MemorySegment[] dx,
      MemorySegment du,
      MemorySegment[] dw,
      MemorySegment... db) {
    if (stream.tape().records()) {
      stream.tape().add(() -> backward(stream, packed, x, dy, dx, du, dw, db));
    } else {
      stream.winograd().backward(this, stream, packed, x, dy, dx, du, dw, db);
    }
  }

  /** What is gathered, added to the gradients of each source's weights; then nothing is. */
  void spread(CpuStream stream, MemorySegment du, MemorySegment[] dw) {
    stream.tape().add(() -> spreadNow(stream, du, dw));
  }

  private void spreadNow(CpuStream stream, MemorySegment du, MemorySegment[] dw) {
    for (int i = 0; gathered(du) > 0 && i < sources.length; i++) {
      sources[i].weights.backward(stream.team(), du, dw[i]);
    }
    gathered(du, 0);
  }
}
